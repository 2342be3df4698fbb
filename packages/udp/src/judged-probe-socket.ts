// The probe socket that callers see, whatever carries the exchanges: limits, pacing, promises, abortion, judgement.

import {
  AppError,
  assert,
  type Clock,
  type IpAddress,
  ipAddressFromBytes,
  type Random,
  whenAborted,
} from "@truechimer/base";
import {
  createClientRequest,
  type Exchange,
  judgeExchange,
  type Sample,
  type Stamp,
  type TimestampSource,
} from "@truechimer/ntp";
import { checkEndpoint } from "./check-endpoint.ts";
import type { ExchangeEvidence } from "./evidence.ts";
import { sameBytes } from "./exchange-table.ts";
import type { ExchangeRequest, ProbeSocket, ProbeSocketCounters } from "./probe-socket.ts";
import { createServerPacing, type ServerPacing } from "./server-pacing.ts";
import type { Transport, TransportEvents } from "./transport.ts";

const NS_PER_MS = 1_000_000;
const ID_MAX = 0xffff_ffff;

/** What stands behind the probe socket, and its limits. */
export interface JudgedProbeSocketOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Least time between two requests to the same address and port. */
  readonly serverGapMs: number;
  readonly inFlightMax: number | undefined;
  readonly onBroken?: ((error: AppError) => void) | undefined;
  readonly createTransport: (events: TransportEvents) => Promise<Transport>;
}

/** An exchange under way. */
class Pending {
  readonly request: ExchangeRequest;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (sample: Sample) => void;
  readonly reject: (error: AppError) => void;
  /** Of the timer that begins it. */
  stopWaiting: (() => void) | undefined = undefined;

  constructor(
    { request, signal }: AskedExchange,
    bytes: Uint8Array,
    { resolve, reject }: Pick<Pending, "resolve" | "reject">,
  ) {
    this.request = request;
    this.bytes = bytes;
    this.signal = signal;
    this.resolve = resolve;
    this.reject = reject;
  }
}

interface AskedExchange {
  readonly request: ExchangeRequest;
  readonly signal: AbortSignal | undefined;
}

/** One listener for all exchanges of a signal: of closures of their own they would hold more than of all else. */
interface Heard {
  exchanges: number;
  readonly stopListening: () => void;
}

/** Makes the transport and puts the probe socket in front of it. */
export async function createJudgedProbeSocket(
  options: JudgedProbeSocketOptions,
): Promise<ProbeSocket> {
  const socket = new JudgedProbeSocket(options);
  socket.attach(await options.createTransport(socket));
  return socket;
}

class JudgedProbeSocket implements ProbeSocket, TransportEvents {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #serverGapMs: number;
  readonly #pacing: ServerPacing;
  readonly #pending = new Map<number, Pending>();
  readonly #heard = new Map<AbortSignal, Heard>();
  readonly #inFlightMaxWanted: number | undefined;
  /** The host's own address hardly ever changes from one exchange to the next. */
  #sourceBytes: Uint8Array = new Uint8Array();
  #sourceText: IpAddress["text"] | undefined;
  #transport: Transport | undefined;
  #nextId = 0;
  readonly #onBroken: (error: AppError) => void;
  #stopReason: AppError | undefined;
  #failure: AppError | undefined;

  constructor(options: JudgedProbeSocketOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#serverGapMs = options.serverGapMs;
    this.#pacing = createServerPacing(options.serverGapMs);
    this.#inFlightMaxWanted = options.inFlightMax;
    this.#onBroken = options.onBroken ?? (() => {});
  }

  get failure(): AppError | undefined {
    return this.#failure;
  }

  get timestampSource(): TimestampSource {
    return this.#carrier().timestampSource;
  }

  attach(transport: Transport): void {
    this.#transport = transport;
  }

  exchange(request: ExchangeRequest, signal?: AbortSignal): Promise<Sample> {
    return new Promise((resolve, reject) => {
      checkEndpoint(request);
      if (this.#stopReason !== undefined) throw this.#stopReason;
      if (signal?.aborted === true) throw aborted(signal);
      const limit = this.#inFlightMax();
      if (this.#pending.size >= limit) {
        throw new AppError(
          "limit_exceeded",
          `${this.#pending.size} exchanges are in flight, expected at most ${limit}: wait for some to end`,
        );
      }
      this.#begin({ request, signal }, { resolve, reject });
    });
  }

  counters(): ProbeSocketCounters {
    return { ...this.#carrier().counters(), inFlight: this.#pending.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(new AppError("stopped", "the probe socket was closed"));
    await this.#transport?.[Symbol.asyncDispose]();
  }

  onEnd(id: number, evidence: ExchangeEvidence): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    const { request, bytes } = pending;
    const sourceAddress = request.localAddress?.text ?? this.#textOf(evidence.sourceAddress);
    const exchange = exchangeOf({ request, bytes, sourceAddress }, evidence);
    const silenceReason = evidence.failure;
    pending.resolve(
      request.session?.judge(exchange, silenceReason) ?? judgeExchange(exchange, { silenceReason }),
    );
  }

  onBroken(cause: unknown): void {
    if (this.#stopReason !== undefined) return;
    this.#failure = new AppError("socket_failed", "the probe socket broke: make a new one", {
      cause,
    });
    this.#stop(this.#failure);
    this.#onBroken(this.#failure);
  }

  #textOf(bytes: Uint8Array | undefined): IpAddress["text"] | undefined {
    if (bytes === undefined) return undefined;
    if (!sameBytes(bytes, this.#sourceBytes)) {
      const address = ipAddressFromBytes(bytes);
      this.#sourceBytes = Uint8Array.from(bytes);
      this.#sourceText = address.ok ? address.value.text : undefined;
    }
    return this.#sourceText;
  }

  #begin(asked: AskedExchange, promise: Pick<Pending, "resolve" | "reject">): void {
    const { request, signal } = asked;
    const id = this.#takeId();
    const pending = new Pending(asked, this.#requestBytes(request), promise);
    if (signal !== undefined) this.#listenTo(signal);
    this.#pending.set(id, pending);
    if (this.#pending.size === 1) this.#carrier().setBusy(true);
    const waitMs = this.#waitMs(request);
    if (waitMs <= 0) this.#send(id);
    else pending.stopWaiting = this.#clock.setTimer(waitMs, () => this.#send(id));
  }

  #listenTo(signal: AbortSignal): void {
    const heard = this.#heard.get(signal);
    if (heard !== undefined) {
      heard.exchanges += 1;
      return;
    }
    const stopListening = whenAborted(signal, () => this.#aborted(signal));
    this.#heard.set(signal, { exchanges: 1, stopListening });
  }

  #aborted(signal: AbortSignal): void {
    for (const [id, pending] of this.#pending) {
      if (pending.signal !== signal) continue;
      this.#carrier().cancel(id);
      this.#take(id)?.reject(aborted(signal));
    }
  }

  #noLongerListensTo(signal: AbortSignal): void {
    const heard = this.#heard.get(signal);
    if (heard === undefined) return;
    heard.exchanges -= 1;
    if (heard.exchanges > 0) return;
    heard.stopListening();
    this.#heard.delete(signal);
  }

  #requestBytes({ session }: ExchangeRequest): Uint8Array {
    const random = this.#random;
    return (session?.nextRequest(random) ?? createClientRequest(random)).bytes;
  }

  /** Until pacing allows it. */
  #waitMs({ address, port }: ExchangeRequest): number {
    if (this.#serverGapMs <= 0) return 0;
    const nowMs = Number(this.#clock.monotonicNs()) / NS_PER_MS;
    return this.#pacing.waitMs(`${address.text} ${port}`, nowMs);
  }

  #send(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { address, port, timeoutMs, localAddress } = pending.request;
    this.#carrier().start({
      id,
      request: pending.bytes,
      address: address.bytes,
      port,
      timeoutMs,
      localAddress: localAddress?.bytes,
    });
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.stopWaiting?.();
    if (pending.signal !== undefined) this.#noLongerListensTo(pending.signal);
    if (this.#pending.size === 0) this.#carrier().setBusy(false);
    return pending;
  }

  #takeId(): number {
    do {
      this.#nextId = (this.#nextId + 1) % ID_MAX;
    } while (this.#pending.has(this.#nextId));
    return this.#nextId;
  }

  #stop(reason: AppError): void {
    this.#stopReason ??= reason;
    for (const id of this.#pending.keys()) this.#take(id)?.reject(this.#stopReason);
  }

  #inFlightMax(): number {
    return Math.min(this.#inFlightMaxWanted ?? Infinity, this.#carrier().inFlightMax);
  }

  #carrier(): Transport {
    assert(this.#transport !== undefined, "the transport is attached before use");
    return this.#transport;
  }
}

function aborted(signal: AbortSignal | undefined): AppError {
  return new AppError("stopped", "the exchange was aborted", { cause: signal?.reason });
}

interface SentRequest {
  readonly request: ExchangeRequest;
  readonly bytes: Uint8Array;
  readonly sourceAddress: IpAddress["text"] | undefined;
}

function exchangeOf(
  { request, bytes, sourceAddress }: SentRequest,
  evidence: ExchangeEvidence,
): Exchange {
  return {
    request: bytes,
    t1: stampOf(evidence.sentNs, evidence.sentByKernel),
    response: evidence.response,
    t4: stampOf(evidence.receivedNs, evidence.receivedByKernel),
    sourceAddress,
    sourcePort: evidence.sourcePort,
    destinationAddress: request.address.text,
    destinationPort: request.port,
    clockStepNs: evidence.clockStepNs === 0n ? undefined : evidence.clockStepNs,
  };
}

function stampOf(atNs: bigint | undefined, byKernel: boolean): Stamp | undefined {
  if (atNs === undefined) return undefined;
  return { atNs, source: byKernel ? "kernel" : "user_space" };
}
