// One traceroute under way: sends the probes that its plan asks for, each from a socket of its own, so that whatever
// comes back is known by the socket it comes to, however little of the probe an ICMP message quotes.

import {
  type Clock,
  type IpAddress,
  ipAddressFromBytes,
  type Random,
  type UnixNs,
} from "@truechimer/base";
import { createClientRequest, datagramAnswersRequest } from "@truechimer/ntp";
import { sameBytes } from "../exchange-table.ts";
import type {
  IcmpReport,
  KernelNetwork,
  NetworkPort,
  ReceivedDatagram,
} from "../kernel/kernel-network.ts";
import { sendFailureFromLinuxErrno } from "../network-failure.ts";
import { NO_ANSWER, type PlannedProbe, type ProbeFate, TracePlan } from "./trace-plan.ts";
import type { IcmpMessage, Traceroute } from "./traceroute.ts";

/** Between two probes of one traceroute: routers limit how often they report. */
const PROBE_GAP_NS = 20_000_000n;
const NS_PER_MS = 1_000_000n;

/** "Time exceeded": RFC 792 and RFC 4443, section 3.3. */
const TIME_EXCEEDED_V4 = 11;
const TIME_EXCEEDED_V6 = 3;

/** A request with every default filled in. */
export interface TraceTask {
  readonly address: IpAddress;
  readonly port: number;
  readonly localAddress: IpAddress | undefined;
  readonly hopsMax: number;
  readonly probesPerHop: number;
  readonly timeoutMs: number;
}

/** What a run works with. */
export interface TraceRunParts {
  readonly network: KernelNetwork;
  readonly clock: Clock;
  readonly random: Random;
}

interface SentProbe {
  readonly planned: PlannedProbe;
  readonly port: NetworkPort;
  readonly request: Uint8Array;
  /** By the monotonic clock. */
  readonly sentNs: bigint;
  /** By the kernel. */
  sentStampNs: bigint | undefined;
}

/** Driven by `tick` and, when something came to one of its sockets, `read`; whole when `result` is there. */
export class TraceRun {
  readonly #task: TraceTask;
  readonly #parts: TraceRunParts;
  readonly #plan: TracePlan;
  readonly #startedAtNs: UnixNs;
  readonly #probes = new Map<NetworkPort, SentProbe>();
  #nextSendNs = 0n;
  #reason: Traceroute["reason"];

  constructor(task: TraceTask, parts: TraceRunParts) {
    this.#task = task;
    this.#parts = parts;
    this.#plan = new TracePlan(task);
    this.#startedAtNs = parts.clock.nowNs();
  }

  /** Absent: it goes on. */
  get result(): Traceroute | undefined {
    if (this.#reason === undefined && !this.#plan.isWhole) return undefined;
    return {
      startedAtNs: this.#startedAtNs,
      hops: this.#plan.hops(),
      reached: this.#plan.isReached,
      reason: this.#reason,
    };
  }

  owns(port: NetworkPort): boolean {
    return this.#probes.has(port);
  }

  /** Gives up the probes whose time is over and sends what is due. */
  tick(): void {
    const nowNs = this.#parts.clock.monotonicNs();
    for (const probe of this.#probes.values()) {
      const deadlineNs = probe.sentNs + BigInt(Math.ceil(this.#task.timeoutMs)) * NS_PER_MS;
      if (deadlineNs <= nowNs) this.#end(probe, { fate: "silence", answer: NO_ANSWER });
    }
    while (nowNs >= this.#nextSendNs && this.result === undefined) {
      const planned = this.#plan.next();
      if (planned === undefined) return;
      this.#nextSendNs = nowNs + PROBE_GAP_NS;
      this.#send(planned, nowNs);
    }
  }

  /** Something came to a socket of this run. */
  read(port: NetworkPort, hasErrors: boolean): void {
    const probe = this.#probes.get(port);
    if (probe === undefined) return;
    const { network } = this.#parts;
    if (hasErrors) {
      network.receiveErrors(port, {
        onTransmitStamp: (_index, stampNs) => {
          probe.sentStampNs ??= stampNs;
        },
        onUnreachable: ({ icmp }) => this.#unreachable(probe, icmp),
      });
    }
    if (this.#probes.has(port))
      network.receive(port, (datagram) => this.#answered(probe, datagram));
  }

  /** Closes its sockets; what is still without an answer counts as silent. */
  close(): void {
    for (const { port } of this.#probes.values()) this.#parts.network.closePort(port);
    this.#probes.clear();
  }

  #send(planned: PlannedProbe, sentNs: bigint): void {
    const { network, random } = this.#parts;
    const { address, port, localAddress } = this.#task;
    const opened = network.openPort({
      localAddress: localAddress?.bytes ?? new Uint8Array(address.bytes.length),
      isWildcard: localAddress === undefined,
      hopLimit: planned.hopLimit,
    });
    if (!opened.ok) return this.#failed(planned, opened.error);
    const request = createClientRequest(random).bytes;
    const to = { address: address.bytes, port };
    const { sent, errno } = network.send(opened.value, [{ to, bytes: request }]);
    if (sent === 0) {
      network.closePort(opened.value);
      return this.#failed(planned, errno);
    }
    this.#plan.sent(planned);
    this.#probes.set(opened.value, {
      planned,
      port: opened.value,
      request,
      sentNs,
      sentStampNs: undefined,
    });
  }

  /** Of the first probe it is the reason; a host that ran out of sockets later has at least the hops so far. */
  #failed(planned: PlannedProbe, errno: number): void {
    if (planned.hopLimit === 1 && planned.index === 0) {
      this.#reason = sendFailureFromLinuxErrno(errno);
      return;
    }
    this.#plan.sent(planned);
    this.#plan.result(planned, { fate: "silence", answer: NO_ANSWER });
  }

  #unreachable(probe: SentProbe, report: IcmpReport | undefined): void {
    if (report === undefined) return;
    const from = report.from === undefined ? undefined : ipAddressFromBytes(report.from);
    this.#end(probe, {
      fate: this.#fateOf(report),
      answer: {
        address: from?.ok === true ? from.value : undefined,
        rttNs: this.#rttNs(probe, report.stampNs),
        icmp: { type: report.type, code: report.code },
      },
    });
  }

  #fateOf({ type, from }: IcmpReport): ProbeFate {
    if (from !== undefined && sameBytes(from, this.#task.address.bytes)) return "end";
    return isTimeExceeded({ type, code: 0 }, this.#task.address) ? "router" : "barrier";
  }

  #answered(probe: SentProbe, { bytes, from, stampNs }: ReceivedDatagram): void {
    const { address, port } = this.#task;
    const isServer = from.port === port && sameBytes(from.address, address.bytes);
    if (!isServer || !datagramAnswersRequest(bytes, probe.request)) return;
    this.#end(probe, {
      fate: "end",
      answer: { address, rttNs: this.#rttNs(probe, stampNs), icmp: undefined },
    });
  }

  #rttNs({ sentNs, sentStampNs }: SentProbe, receivedStampNs: bigint | undefined): bigint {
    if (sentStampNs !== undefined && receivedStampNs !== undefined) {
      const rttNs = receivedStampNs - sentStampNs;
      // The wall clock may have been stepped meanwhile.
      if (rttNs >= 0n) return rttNs;
    }
    return this.#parts.clock.monotonicNs() - sentNs;
  }

  #end(probe: SentProbe, result: Parameters<TracePlan["result"]>[1]): void {
    if (!this.#probes.delete(probe.port)) return;
    this.#parts.network.closePort(probe.port);
    this.#plan.result(probe.planned, result);
  }
}

function isTimeExceeded({ type }: IcmpMessage, { family }: IpAddress): boolean {
  return type === (family === "v4" ? TIME_EXCEEDED_V4 : TIME_EXCEEDED_V6);
}
