// Traceroutes without an external program and without privileges: probes with a growing hop limit from ordinary UDP
// sockets, and the error queue (IP_RECVERR), where Linux puts the ICMP messages that come back for them.
//
// Round trips are differences of kernel stamps, so that it does not matter that the sockets are only looked at every few
// milliseconds, on the caller's own thread. While no traceroute is under way there is no timer, no socket, nothing.

import { AppError, type Clock, type Random } from "@truechimer/base";
import { checkEndpoint } from "../check-endpoint.ts";
import type { KernelNetwork } from "../kernel/kernel-network.ts";
import { TraceRun, type TraceTask } from "./trace-run.ts";
import {
  HOPS_MAX,
  HOPS_MAX_DEFAULT,
  PROBE_TIMEOUT_MS_DEFAULT,
  PROBES_PER_HOP_DEFAULT,
  PROBES_PER_HOP_MAX,
  type Tracer,
  type Traceroute,
  type TracerouteRequest,
} from "./traceroute.ts";

/** Traceroutes under way; each has up to 9 sockets, and sends 50 probes a second. */
const UNDER_WAY_MAX = 4;
/** Traceroutes that wait for their turn; each takes some seconds, and nobody waits for minutes. */
const WAITING_MAX = 64;
/** How often the sockets are looked at. */
const POLL_MS = 5;
const NTP_PORT = 123;

/** What a tracer is made of. */
export interface TracerOptions {
  readonly clock: Clock;
  /** Makes the probes' nonces. */
  readonly random: Random;
  /** Opens the network; rejects where there is no error queue. Default: this host's, on Linux. */
  readonly openNetwork?: () => Promise<KernelNetwork>;
}

interface Waiting {
  readonly task: TraceTask;
  readonly resolve: (traceroute: Traceroute) => void;
  readonly reject: (error: AppError) => void;
  readonly cleanUp: () => void;
}

interface UnderWay extends Waiting {
  readonly run: TraceRun;
}

/** Opens nothing before the first traceroute. */
export function createTracer(options: TracerOptions): Tracer {
  return new PollingTracer(options);
}

class PollingTracer implements Tracer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #openNetwork: () => Promise<KernelNetwork>;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Set<UnderWay>();
  #network: KernelNetwork | undefined;
  #isOpening = false;
  #stopTimer: (() => void) | undefined;
  #isClosed = false;

  constructor({ clock, random, openNetwork = openHostNetwork }: TracerOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#openNetwork = openNetwork;
  }

  async traceroute(request: TracerouteRequest, signal?: AbortSignal): Promise<Traceroute> {
    const task = taskOf(request);
    if (this.#isClosed) throw closed();
    if (signal?.aborted === true) throw aborted(signal);
    if (this.#waiting.length >= WAITING_MAX) {
      throw new AppError(
        "limit_exceeded",
        `${this.#waiting.length} traceroutes wait for their turn, expected at most ${WAITING_MAX}: try again later`,
      );
    }
    return await new Promise((resolve, reject) => {
      const onAbort = (): void => this.#abandon(waiting, aborted(signal));
      const waiting: Waiting = {
        task,
        resolve,
        reject,
        cleanUp: () => signal?.removeEventListener("abort", onAbort),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiting);
      void this.#startNext();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const waiting of [...this.#waiting, ...this.#underWay]) this.#abandon(waiting, closed());
    this.#closeNetworkIfIdle();
    return Promise.resolve();
  }

  async #startNext(): Promise<void> {
    if (this.#isOpening) return;
    if (this.#network === undefined && !(await this.#open())) return;
    while (this.#network !== undefined && this.#underWay.size < UNDER_WAY_MAX) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const parts = { network: this.#network, clock: this.#clock, random: this.#random };
      this.#underWay.add({ ...next, run: new TraceRun(next.task, parts) });
    }
    this.#poll();
  }

  /** False: there is no network, and those who wait have been told. */
  async #open(): Promise<boolean> {
    this.#isOpening = true;
    try {
      this.#network = await this.#openNetwork();
      return true;
    } catch {
      const startedAtNs = this.#clock.nowNs();
      for (const { resolve, cleanUp } of this.#waiting.splice(0)) {
        cleanUp();
        resolve({ startedAtNs, hops: [], reached: false, reason: "traceroute_unsupported" });
      }
      return false;
    } finally {
      this.#isOpening = false;
    }
  }

  #poll(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#network?.wait(0, (port, hasErrors) => {
      for (const { run } of this.#underWay) if (run.owns(port)) run.read(port, hasErrors);
    });
    for (const trace of this.#underWay) {
      trace.run.tick();
      const { result } = trace.run;
      if (result === undefined) continue;
      this.#end(trace);
      trace.resolve(result);
    }
    if (this.#waiting.length > 0 && this.#underWay.size < UNDER_WAY_MAX) {
      void this.#startNext();
      return;
    }
    if (this.#underWay.size > 0) {
      this.#stopTimer = this.#clock.setTimer(POLL_MS, () => this.#poll());
      return;
    }
    this.#closeNetworkIfIdle();
  }

  #abandon(waiting: Waiting, error: AppError): void {
    for (const trace of this.#underWay) if (trace.task === waiting.task) this.#end(trace);
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    waiting.cleanUp();
    waiting.reject(error);
  }

  #end(trace: UnderWay): void {
    trace.run.close();
    trace.cleanUp();
    this.#underWay.delete(trace);
  }

  #closeNetworkIfIdle(): void {
    if (this.#underWay.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#network?.[Symbol.dispose]();
    this.#network = undefined;
  }
}

/** The native part is loaded when the first traceroute is wanted, and only on Linux. */
async function openHostNetwork(): Promise<KernelNetwork> {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    throw new Error(`there is no error queue on ${process.platform} ${process.arch}`);
  }
  const { openLinuxCalls } = await import("../kernel/linux-calls.ts");
  const { openLinuxNetwork } = await import("../kernel/linux-network.ts");
  return openLinuxNetwork(openLinuxCalls());
}

function taskOf(request: TracerouteRequest): TraceTask {
  const task: TraceTask = {
    address: request.address,
    port: request.port ?? NTP_PORT,
    localAddress: request.localAddress,
    hopsMax: request.hopsMax ?? HOPS_MAX_DEFAULT,
    probesPerHop: request.probesPerHop ?? PROBES_PER_HOP_DEFAULT,
    timeoutMs: request.timeoutMs ?? PROBE_TIMEOUT_MS_DEFAULT,
  };
  checkEndpoint(task);
  checkCount("hops", task.hopsMax, HOPS_MAX);
  checkCount("probes per hop", task.probesPerHop, PROBES_PER_HOP_MAX);
  return task;
}

function checkCount(what: string, count: number, max: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= max) return;
  throw new AppError("bad_request", `${count} ${what}: expected 1 to ${max}`);
}

function aborted(signal: AbortSignal | undefined): AppError {
  return new AppError("stopped", "the traceroute was aborted", { cause: signal?.reason });
}

function closed(): AppError {
  return new AppError("stopped", "the tracer was closed");
}
