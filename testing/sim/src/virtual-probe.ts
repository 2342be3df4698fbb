// The real exchange and the real check, driven over the virtual network: what a probe socket does, with stamps that are
// exact readings of the agent's clock.

import { type Clock, type Random, sleep } from "@truechimer/base";
import {
  type CheckOptions,
  type CheckResult,
  createCheck,
  createInterleavedSession,
  createNtpExchange,
  type ExchangeAction,
  type IgnoredDatagram,
  type InterleavedSession,
  type NtpExchange,
  type Sample,
  type Stamp,
} from "@truechimer/ntp";
import { type ClockStepWatch, createClockStepWatch } from "./clock-step-watch.ts";
import type { VirtualNetwork } from "./virtual-network.ts";
import { NTP_PORT } from "./virtual-server.ts";

export interface VirtualProbeOptions {
  readonly network: VirtualNetwork;
  readonly random: Random;
  /** The agent's clock; see `createHostClock`. */
  readonly clock: Clock;
  /** The vantage point. Each exchange sends from a port of its own. */
  readonly host: string;
  /** Default 3 s. */
  readonly timeoutMs?: number;
}

export interface VirtualProbe {
  /** `session`: the check that it is part of. Absent: it stands alone, in basic mode. */
  exchange(serverHost: string, session?: InterleavedSession): Promise<Sample>;
  check(serverHost: string, options?: CheckOptions): Promise<CheckResult>;
  /** Datagrams that did not count, by why. */
  ignored(): Readonly<Record<IgnoredDatagram, number>>;
}

const TIMEOUT_MS_DEFAULT = 3_000;
/** How long a port stays open after its exchange, so that what comes late is counted. */
const LINGER_MS = 1_000;
const FIRST_PORT = 49_152;

export function createVirtualProbe(options: VirtualProbeOptions): VirtualProbe {
  const { network, random, clock, host, timeoutMs = TIMEOUT_MS_DEFAULT } = options;
  const ignored = { spoofed: 0, duplicate: 0, late: 0 };
  let port = FIRST_PORT;

  const exchange = (serverHost: string, session?: InterleavedSession): Promise<Sample> => {
    port += 1;
    const source = { host, port };
    const machine = createNtpExchange({
      random,
      timeoutMs,
      destinationAddress: serverHost,
      destinationPort: NTP_PORT,
      sourceAddress: host,
      sourcePort: port,
      ...(session === undefined ? {} : { session }),
    });
    return new Promise((resolve) => {
      drive({
        machine,
        clock,
        send: (bytes) =>
          network.send({ from: source, to: { host: serverHost, port: NTP_PORT }, bytes }),
        listen: (receive) => network.attach(source, ({ bytes }) => receive(bytes)),
        onIgnored: (why) => {
          ignored[why] += 1;
        },
        onDone: resolve,
      });
    });
  };

  const check = async (
    serverHost: string,
    checkOptions: CheckOptions = {},
  ): Promise<CheckResult> => {
    const machine = createCheck(checkOptions);
    const session = createInterleavedSession();
    let action = machine.start();
    while (action.kind !== "done") {
      if (action.kind === "exchange") {
        action = machine.onSample(await exchange(serverHost, session));
      } else {
        await sleep(clock, action.delayMs);
        action = machine.onTimer();
      }
    }
    return action.result;
  };

  return { exchange, check, ignored: () => ({ ...ignored }) };
}

interface Drive {
  readonly machine: NtpExchange;
  readonly clock: Clock;
  readonly send: (bytes: Uint8Array) => void;
  readonly listen: (receive: (bytes: Uint8Array) => void) => () => void;
  readonly onIgnored: (why: IgnoredDatagram) => void;
  readonly onDone: (sample: Sample) => void;
}

/** The adapter between one exchange and the world: carries out its actions, and feeds it what happens. */
function drive({ machine, clock, send, listen, onIgnored, onDone }: Drive): void {
  const steps: ClockStepWatch = createClockStepWatch(clock);
  const stampNow = (): Stamp => ({ atNs: clock.nowNs(), source: "kernel" });
  let cancelTimeout = (): void => {};

  const feed = (actionsOf: () => readonly ExchangeAction[]): void => {
    machine.onClockStep(steps.takeNs());
    for (const action of actionsOf()) carryOut(action);
  };
  const carryOut = (action: ExchangeAction): void => {
    switch (action.kind) {
      case "send":
        send(action.packet);
        feed(() => machine.onSendStamp(stampNow()));
        return;
      case "set_timer":
        cancelTimeout = clock.setTimer(action.delayMs, () => feed(() => machine.onTimer()));
        return;
      case "ignored":
        onIgnored(action.why);
        return;
      case "done":
        cancelTimeout();
        clock.setTimer(LINGER_MS, close);
        onDone(action.sample);
    }
  };

  const close = listen((bytes) => {
    const receivedAt = stampNow();
    feed(() => machine.onDatagram({ bytes, receivedAt }));
  });
  feed(() => machine.start(stampNow()));
}
