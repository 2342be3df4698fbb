// Under which circumstances the error is measured. Each condition takes offsets from a server whose true offset is 0.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parseIpAddress, sleep, systemClock } from "@truechimer/base";
import type { ProbeSocket } from "@truechimer/udp";
import { startBusyCores } from "./busy-cores.ts";
import type { TakeTurn } from "./modes.ts";

export interface Findings {
  /** |offset| of each good sample, microseconds. */
  readonly errorsUs: number[];
  /** T2 − T1 of each: from our transmit stamp to the server's receive stamp. */
  readonly outwardUs: number[];
  /** T4 − T3 of each: from the server's transmit stamp to our receive stamp. */
  readonly homewardUs: number[];
  /** Samples by reason that were not good. */
  readonly failures: Map<string, number>;
  /** Turns that counted for nothing, such as an answer in basic mode where interleaved mode is measured. */
  passed: number;
}

export interface Condition {
  readonly name: string;
  readonly title: string;
  /** Without a thread, as an agent at work; see ProbeSocketOptions. */
  readonly lookEveryMs?: number;
  readonly run: (probe: ProbeSocket, takeTurn: TakeTurn, turns: number) => Promise<Findings>;
}

const PERIOD_MS = 4.5;
/** As an agent at work looks at its sockets (ADR 15). */
const AGENT_BEAT_MS = 250;
const AT_ONCE = 200;
/** From one burst to the next. */
const BURST_PERIOD_MS = 50;
const OTHERS = 1_000;
const OTHERS_TIMEOUT_MS = 5_000;
const NS_PER_US = 1_000;

export const CONDITIONS: readonly Condition[] = [
  {
    name: "idle",
    title: "idle",
    run: (_probe, takeTurn, turns) => oneAtATime(takeTurn, turns),
  },
  {
    name: "beat",
    title: "idle, at an agent's beat",
    lookEveryMs: AGENT_BEAT_MS,
    run: (_probe, takeTurn, turns) => oneAtATime(takeTurn, turns),
  },
  {
    name: "busy",
    title: "cores busy",
    run: async (_probe, takeTurn, turns) => {
      await using surroundings = new AsyncDisposableStack();
      surroundings.use(await startBusyCores());
      return await oneAtATime(takeTurn, turns);
    },
  },
  {
    name: "at-once",
    title: `${AT_ONCE} at once`,
    run: (_probe, takeTurn, turns) => bursts(takeTurn, turns),
  },
  {
    name: "in-flight",
    title: "1,000 others in flight",
    run: async (probe, takeTurn, turns) => {
      await using surroundings = new AsyncDisposableStack();
      surroundings.use(await startOthers(probe));
      return await oneAtATime(takeTurn, turns);
    },
  },
];

/** One turn every 4.5 ms, whether the last one is back or not. */
async function oneAtATime(takeTurn: TakeTurn, turns: number): Promise<Findings> {
  const findings: Findings = noFindings();
  const running: Promise<void>[] = [];
  const startMs = performance.now();
  for (let i = 0; i < turns; i += 1) {
    await sleep(systemClock, Math.max(0, startMs + i * PERIOD_MS - performance.now()));
    running.push(measure(takeTurn, 0, findings));
  }
  await Promise.all(running);
  return findings;
}

/** As many servers as there are addresses, all at once, again and again. */
async function bursts(takeTurn: TakeTurn, turns: number): Promise<Findings> {
  const findings: Findings = noFindings();
  for (let done = 0; done < turns; done += AT_ONCE) {
    const count = Math.min(AT_ONCE, turns - done);
    const burst = Array.from({ length: count }, (_, index) => measure(takeTurn, index, findings));
    await Promise.all([...burst, sleep(systemClock, BURST_PERIOD_MS)]);
  }
  return findings;
}

function noFindings(): Findings {
  return { errorsUs: [], outwardUs: [], homewardUs: [], failures: new Map(), passed: 0 };
}

async function measure(takeTurn: TakeTurn, index: number, findings: Findings): Promise<void> {
  const sample = await takeTurn(index);
  if (sample === undefined) {
    findings.passed += 1;
  } else if (sample.reason === undefined && sample.measurement !== undefined) {
    const offsetUs = Number(sample.measurement.offsetNs) / NS_PER_US;
    const halfDelayUs = Number(sample.measurement.delayNs) / NS_PER_US / 2;
    findings.errorsUs.push(Math.abs(offsetUs));
    findings.outwardUs.push(halfDelayUs + offsetUs);
    findings.homewardUs.push(halfDelayUs - offsetUs);
  } else {
    const reason = sample.reason ?? "unknown";
    findings.failures.set(reason, (findings.failures.get(reason) ?? 0) + 1);
  }
}

/** Keeps exchanges waiting for a socket that never answers. */
async function startOthers(probe: ProbeSocket): Promise<AsyncDisposable> {
  const silent = createSocket("udp4");
  silent.bind(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address();
  const address = parseIpAddress("127.0.0.1");
  if (!address.ok) throw new Error(address.error);
  const end = new AbortController();
  const others = Array.from({ length: OTHERS }, async (_, index) => {
    const firstMs = (OTHERS_TIMEOUT_MS * (index + 1)) / OTHERS;
    for (let timeoutMs = firstMs; !end.signal.aborted; timeoutMs = OTHERS_TIMEOUT_MS) {
      const request = { address: address.value, port, timeoutMs: Math.ceil(timeoutMs) };
      await probe.exchange(request, end.signal).catch(() => undefined);
    }
  });
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await Promise.all(others);
      silent.close();
    },
  };
}
