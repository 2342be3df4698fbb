import { unsafelyDeterministicRandom } from "@truechimer/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerBytes, TYPICAL_EXCHANGE } from "./_exchanges.ts";
import { requestNonce } from "./client-request.ts";
import { createNtpExchange, type ExchangeAction, type NtpExchange } from "./ntp-exchange.ts";
import type { Sample, Stamp } from "./sample.ts";

const T1: Stamp = { atNs: TYPICAL_EXCHANGE.t1Ns, source: "user_space" };
const T1_KERNEL: Stamp = { atNs: TYPICAL_EXCHANGE.t1Ns + 7_000n, source: "kernel" };
const T4: Stamp = { atNs: TYPICAL_EXCHANGE.t1Ns + 10_020_000n, source: "kernel" };

interface Started {
  readonly exchange: NtpExchange;
  readonly nonce: bigint;
  readonly answer: Uint8Array;
  readonly stranger: Uint8Array;
}

function started(): Started {
  const exchange = createNtpExchange({
    random: unsafelyDeterministicRandom(1),
    timeoutMs: 3_000,
    destinationAddress: "192.0.2.1",
    destinationPort: 123,
  });
  const [send] = exchange.start(T1);
  if (send?.kind !== "send") throw new Error("nothing to send");
  const nonce = requestNonce(send.packet);
  return {
    exchange,
    nonce,
    answer: answerBytes(TYPICAL_EXCHANGE, { originTimestamp: nonce }),
    stranger: answerBytes(TYPICAL_EXCHANGE, { originTimestamp: nonce ^ 1n, stratum: 9 }),
  };
}

function arrive(exchange: NtpExchange, bytes: Uint8Array): readonly ExchangeAction[] {
  return exchange.onDatagram({ bytes, receivedAt: T4 });
}

function sampleOf(actions: readonly ExchangeAction[]): Sample {
  const done = actions.find(({ kind }) => kind === "done");
  if (done?.kind !== "done") throw new Error(`not done: ${actions.map(({ kind }) => kind).join()}`);
  return done.sample;
}

describe("an exchange", () => {
  it("sends one request, sets one timer, and starts once", () => {
    const exchange = createNtpExchange({
      random: unsafelyDeterministicRandom(1),
      timeoutMs: 3_000,
      destinationAddress: "192.0.2.1",
      destinationPort: 123,
    });
    expect(exchange.state().kind).toBe("new");
    expect(exchange.onTimer()).toEqual([]);
    const actions = exchange.start(T1);
    expect(actions.map(({ kind }) => kind)).toEqual(["send", "set_timer"]);
    expect(actions[1]).toMatchObject({ delayMs: 3_000 });
    expect(exchange.start(T1)).toEqual([]);
  });

  it("ends with the answer, by the stamp of the actual departure", () => {
    const { exchange, answer } = started();
    expect(exchange.onSendStamp(T1_KERNEL)).toEqual([]);
    const sample = sampleOf(arrive(exchange, answer));
    expect(sample.reason).toBeUndefined();
    expect(sample.exchange.t1).toEqual(T1_KERNEL);
    expect(sample.exchange.t4).toEqual(T4);
    expect(sample.exchange.clockStepNs).toBeUndefined();
  });

  it("waits for the departure's stamp, which may come after the answer", () => {
    const { exchange, answer } = started();
    expect(arrive(exchange, answer)).toEqual([]);
    expect(exchange.state().kind).toBe("answered");
    expect(sampleOf(exchange.onSendStamp(T1_KERNEL)).exchange.t1).toEqual(T1_KERNEL);
  });

  it("takes the caller's own stamp when the kernel has none, or none by the timeout", () => {
    const first = started();
    arrive(first.exchange, first.answer);
    expect(sampleOf(first.exchange.onSendStampMissing()).exchange.t1).toEqual(T1);
    const second = started();
    arrive(second.exchange, second.answer);
    expect(sampleOf(second.exchange.onTimer())).toMatchObject({ reason: undefined });
  });

  it("is not ended by a stranger, because the true answer may still come", () => {
    const { exchange, answer, stranger } = started();
    exchange.onSendStamp(T1_KERNEL);
    expect(arrive(exchange, stranger)).toEqual([{ kind: "ignored", why: "spoofed" }]);
    expect(arrive(exchange, new Uint8Array(5))).toEqual([{ kind: "ignored", why: "spoofed" }]);
    expect(sampleOf(arrive(exchange, answer)).reason).toBeUndefined();
  });

  it("keeps the stranger as evidence when nothing better comes by the timeout", () => {
    const { exchange, stranger } = started();
    arrive(exchange, stranger);
    arrive(exchange, answerBytes(TYPICAL_EXCHANGE, { originTimestamp: 99n }));
    const sample = sampleOf(exchange.onTimer());
    expect(sample.reason).toBe("origin_mismatch");
    expect(sample.exchange.response).toEqual(stranger);
    expect(sample.measurement).toBeUndefined();
  });

  it("keeps a stranger's whole packet rather than a fragment", () => {
    const { exchange, stranger } = started();
    const fragment = new Uint8Array(5);
    arrive(exchange, fragment);
    arrive(exchange, new Uint8Array(6));
    arrive(exchange, stranger);
    expect(sampleOf(exchange.onTimer()).reason).toBe("origin_mismatch");
    const other = started();
    arrive(other.exchange, fragment);
    expect(sampleOf(other.exchange.onTimer())).toMatchObject({
      reason: "truncated",
      exchange: { response: fragment },
    });
  });

  it("ends with timeout when nothing came", () => {
    const { exchange } = started();
    exchange.onSendStamp(T1_KERNEL);
    const sample = sampleOf(exchange.onTimer());
    expect(sample).toMatchObject({
      reason: "timeout",
      exchange: { response: undefined, t1: T1_KERNEL },
    });
    expect(exchange.onTimer()).toEqual([]);
  });

  it("ends with what the network reports", () => {
    const { exchange, answer } = started();
    expect(sampleOf(exchange.onNetworkError("connection_refused")).reason).toBe(
      "connection_refused",
    );
    expect(exchange.onNetworkError("connection_refused")).toEqual([]);
    expect(arrive(exchange, answer)).toEqual([{ kind: "ignored", why: "late" }]);
  });

  it("knows a duplicate, a late answer and a stranger after the end", () => {
    const answered = started();
    answered.exchange.onSendStamp(T1_KERNEL);
    arrive(answered.exchange, answered.answer);
    expect(arrive(answered.exchange, answered.answer)).toEqual([
      { kind: "ignored", why: "duplicate" },
    ]);
    const timedOut = started();
    timedOut.exchange.onTimer();
    expect(arrive(timedOut.exchange, timedOut.answer)).toEqual([{ kind: "ignored", why: "late" }]);
    expect(arrive(timedOut.exchange, timedOut.stranger)).toEqual([
      { kind: "ignored", why: "spoofed" },
    ]);
  });

  it("knows a duplicate also before the departure's stamp is there", () => {
    const { exchange, answer } = started();
    arrive(exchange, answer);
    expect(arrive(exchange, answer)).toEqual([{ kind: "ignored", why: "duplicate" }]);
  });

  it("ends with an answer that is refused, such as stratum 16", () => {
    const { exchange, nonce } = started();
    exchange.onSendStamp(T1_KERNEL);
    const bytes = answerBytes(TYPICAL_EXCHANGE, { originTimestamp: nonce, stratum: 16 });
    expect(sampleOf(arrive(exchange, bytes)).reason).toBe("bad_stratum");
  });

  it("adds up the steps of the agent's clock until the answer, and marks the sample", () => {
    const { exchange, answer } = started();
    exchange.onClockStep(5_000_000n);
    exchange.onClockStep(2_000_000n);
    arrive(exchange, answer);
    exchange.onClockStep(1_000_000n);
    const sample = sampleOf(exchange.onSendStamp(T1_KERNEL));
    expect(sample).toMatchObject({
      reason: "clock_stepped",
      exchange: { clockStepNs: 7_000_000n },
    });
  });

  it("takes no stamp after its end", () => {
    const { exchange } = started();
    const sample = sampleOf(exchange.onTimer());
    expect(exchange.onSendStamp(T1_KERNEL)).toEqual([]);
    expect(sample.exchange.t1).toEqual(T1);
  });

  it("gives exactly one sample, whatever happens in whatever order", () => {
    const happening = fc.constantFrom(
      "answer",
      "stranger",
      "fragment",
      "stamp",
      "no stamp",
      "timer",
      "error",
      "step",
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
        const { exchange, answer, stranger } = started();
        const inputs: Readonly<Record<string, () => readonly ExchangeAction[]>> = {
          answer: () => arrive(exchange, answer),
          stranger: () => arrive(exchange, stranger),
          fragment: () => arrive(exchange, new Uint8Array(3)),
          stamp: () => exchange.onSendStamp(T1_KERNEL),
          "no stamp": () => exchange.onSendStampMissing(),
          timer: () => exchange.onTimer(),
          error: () => exchange.onNetworkError("host_unreachable"),
          step: () => {
            exchange.onClockStep(1n);
            return [];
          },
        };
        const actions = [...happenings, "timer"].flatMap((name) => inputs[name]?.() ?? []);
        expect(actions.filter(({ kind }) => kind === "done")).toHaveLength(1);
        expect(exchange.state().kind).toBe("done");
      }),
    );
  });
});
