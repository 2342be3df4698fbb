import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, it } from "vitest";
import { createInterleavedPeer, type InterleavedPeer, type Passage } from "./_interleaved-peer.ts";
import { interleavedWish } from "./client-request.ts";
import { createInterleavedSession } from "./interleaved-session.ts";
import { judgeExchange, judgeExchanges, runResponseRules } from "./judge-exchange.ts";
import type { NtpPacket } from "./ntp-packet.ts";
import { referenceIdFromText } from "./reference-id.ts";
import type { Exchange, Sample } from "./sample.ts";

const START_NS = 1_767_225_600_000_000_000n;
const GAP_NS = 2_000_000_000n;
const OFFSET_NS = 1_000_000n;
/** A symmetric path, and a server whose T3 in the packet is 6 µs before the departure: basic mode errs by 3 µs. */
const PASSAGE: Passage = { thereNs: 50_000n, heldNs: 20_000n, backNs: 50_000n, lateNs: 6_000n };
const BASIC_OFFSET_NS = OFFSET_NS - 3_000n;

type Step = "answered" | "request lost" | "answer lost";

/** The samples of a check over a path on which `steps` happen. */
function check(steps: readonly Step[], peer: InterleavedPeer): readonly Sample[] {
  const session = createInterleavedSession();
  const random = unsafelyDeterministicRandom(1);
  return steps.map((step, index) => {
    const { bytes } = session.nextRequest(random);
    const sentAtNs = START_NS + BigInt(index) * GAP_NS;
    const exchange =
      step === "answered"
        ? peer.exchange(bytes, sentAtNs, PASSAGE)
        : peer.loss(bytes, sentAtNs, step === "request lost");
    return session.judge(exchange);
  });
}

function peerWith(changes: Partial<NtpPacket> = {}, knowsInterleaved = true): InterleavedPeer {
  return createInterleavedPeer({ offsetNs: OFFSET_NS, knowsInterleaved, changes });
}

const modesOf = (samples: readonly Sample[]): readonly string[] => samples.map(({ mode }) => mode);

describe("a session with a server that knows interleaved mode", () => {
  it("begins in basic mode and has the third answer interleaved, timing the second exchange", () => {
    const samples = check(["answered", "answered", "answered", "answered"], peerWith());
    expect(modesOf(samples)).toEqual(["basic", "basic", "interleaved", "interleaved"]);
    expect(samples.map(({ reason }) => reason)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(samples[2]?.timed?.exchange).toBe(samples[1]?.exchange);
    expect(samples[3]?.timed?.exchange).toBe(samples[2]?.exchange);
  });

  it("finds the true offset where basic mode errs by half of what the server's T3 is early", () => {
    const samples = check(["answered", "answered", "answered"], peerWith());
    expect(samples.map(({ measurement }) => measurement?.offsetNs)).toEqual([
      BASIC_OFFSET_NS,
      BASIC_OFFSET_NS,
      OFFSET_NS,
    ]);
    expect(samples[2]?.measurement?.delayNs).toBe(100_000n);
    expect(samples[1]?.measurement?.delayNs).toBe(106_000n);
  });

  it("takes T1, T2 and T4 of the exchange before, T3 of the answer", () => {
    const [, second, third] = check(["answered", "answered", "answered"], peerWith());
    expect(third?.timed).toMatchObject({ t1: second?.exchange.t1, t4: second?.exchange.t4 });
    expect(third?.timed?.t2).toBe(second?.packet?.receiveTimestamp);
    expect(third?.timed?.t3).toBe(third?.packet?.transmitTimestamp);
  });

  it("passes a lost request by: the next answer times the exchange before it", () => {
    const steps: Step[] = ["answered", "answered", "request lost", "answered"];
    const samples = check(steps, peerWith());
    expect(modesOf(samples)).toEqual(["basic", "basic", "basic", "interleaved"]);
    expect(samples[2]?.reason).toBe("timeout");
    expect(samples[3]?.timed?.exchange).toBe(samples[1]?.exchange);
    expect(samples[3]?.measurement?.offsetNs).toBe(OFFSET_NS);
  });

  it("gets a basic sample after a lost answer, because the server gives each departure once", () => {
    const steps: Step[] = ["answered", "answered", "answer lost", "answered", "answered"];
    const samples = check(steps, peerWith());
    expect(modesOf(samples)).toEqual(["basic", "basic", "basic", "basic", "interleaved"]);
    expect(samples[3]).toMatchObject({
      reason: undefined,
      measurement: { offsetNs: BASIC_OFFSET_NS },
    });
    expect(samples[4]?.timed?.exchange).toBe(samples[3]?.exchange);
  });

  it("begins anew after four requests without an answer", () => {
    const lost: Step[] = ["request lost", "request lost", "request lost", "request lost"];
    const samples = check(["answered", "answered", ...lost, "answered"], peerWith());
    const wishes = samples.map(({ exchange }) => interleavedWish(exchange.request) !== undefined);
    expect(wishes).toEqual([false, true, true, true, true, true, false]);
  });

  it("begins anew after an answer that is not good", () => {
    const deny = peerWith({ stratum: 0, referenceId: referenceIdFromText("DENY") });
    const samples = check(["answered", "answered"], deny);
    expect(samples.map(({ reason }) => reason)).toEqual(["kiss_deny", "kiss_deny"]);
    expect(interleavedWish(samples[1]?.exchange.request ?? new Uint8Array())).toBeUndefined();
  });
});

describe("a session with a server that does not know interleaved mode", () => {
  it("has a basic sample of each exchange, and loses none", () => {
    const samples = check(["answered", "answered", "answered"], peerWith({}, false));
    expect(modesOf(samples)).toEqual(["basic", "basic", "basic"]);
    for (const sample of samples) {
      expect(sample).toMatchObject({
        reason: undefined,
        measurement: { offsetNs: BASIC_OFFSET_NS },
      });
      expect(sample.timed?.exchange).toBe(sample.exchange);
    }
  });
});

describe("a hostile answer in interleaved mode", () => {
  const good = check(["answered", "answered", "answered"], peerWith());
  const [first, second, third] = good.map(({ exchange }) => exchange) as [
    Exchange,
    Exchange,
    Exchange,
  ];
  const withBytes = (change: (view: DataView) => void): Exchange => {
    const response = third.response?.slice() ?? new Uint8Array();
    change(new DataView(response.buffer));
    return { ...third, response };
  };
  const judged = (exchange: Exchange): Sample =>
    judgeExchange(exchange, { earlier: good.slice(0, 2) });

  it("has the reason of the rung that it fails on, as in basic mode", () => {
    const stratum16 = withBytes((view) => view.setUint8(1, 16));
    expect(judged(stratum16)).toMatchObject({ mode: "interleaved", reason: "bad_stratum" });
    const unset = withBytes((view) => view.setBigUint64(40, 0n));
    expect(judged(unset)).toMatchObject({ reason: "zero_transmit", measurement: undefined });
  });

  it("with a departure before the arrival of the request is refused", () => {
    const received = good[1]?.packet?.receiveTimestamp ?? 0n;
    const early = withBytes((view) => view.setBigUint64(40, received - 1n));
    expect(judged(early)).toMatchObject({
      reason: "receive_after_transmit",
      measurement: undefined,
    });
  });

  it("with a departure after our receipt is refused", () => {
    const departed = good[2]?.packet?.transmitTimestamp ?? 0n;
    const late = withBytes((view) => view.setBigUint64(40, departed + (1n << 22n)));
    expect(judged(late)).toMatchObject({ reason: "negative_delay", measurement: undefined });
  });

  it("that returns the other nonce says that its T3 is of itself, and is judged so", () => {
    const nonce = new DataView(third.request.buffer).getBigUint64(40);
    const mixed = withBytes((view) => view.setBigUint64(24, nonce));
    // T3 of the exchange before is far before T2 of this one.
    expect(judged(mixed)).toMatchObject({ mode: "basic", reason: "receive_after_transmit" });
  });

  it("is nobody's without the exchange that it completes", () => {
    const alone = judgeExchange(third);
    expect(alone).toMatchObject({ reason: "origin_mismatch", timed: undefined });
    expect(alone.measurement).toBeUndefined();
    const failed = runResponseRules(third).find(({ outcome }) => outcome === "fail");
    expect(failed?.rule.code).toBe("origin_mismatch");
  });

  it("is nobody's when the exchange that it completes was not good", () => {
    const badSecond = judgeExchange({ ...second, clockStepNs: 1n }, { earlier: good.slice(0, 1) });
    const sample = judgeExchange(third, {
      earlier: [good[0], badSecond].filter((each) => each !== undefined),
    });
    expect(sample.reason).toBe("origin_mismatch");
  });

  it("is of our own doing when the clock was stepped during it", () => {
    expect(judged({ ...third, clockStepNs: 5_000n })).toMatchObject({ reason: "clock_stepped" });
  });

  it("replayed for another request carries the wrong nonce", () => {
    const replayed = { ...first, response: third.response };
    expect(judgeExchange(replayed).reason).toBe("origin_mismatch");
  });
});

describe("the exchanges of a check judged again", () => {
  it("come to the same samples as when they were made", () => {
    const steps: Step[] = ["answered", "answered", "answer lost", "answered", "answered"];
    const samples = check(steps, peerWith());
    const again = judgeExchanges(samples.map(({ exchange }) => exchange));
    expect(again).toEqual(samples);
  });
});
