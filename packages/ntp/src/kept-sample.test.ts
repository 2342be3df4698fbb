import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { createInterleavedPeer, type Passage } from "./_interleaved-peer.ts";
import { createInterleavedSession } from "./interleaved-session.ts";
import { keptSample } from "./kept-sample.ts";
import { checkResultOf } from "./ntp-check.ts";
import type { NtpPacket } from "./ntp-packet.ts";
import { type Sample, timedExchangeIndex } from "./sample.ts";

const START_NS = 1_767_225_600_000_000_000n;
const PASSAGE: Passage = { thereNs: 50_000n, heldNs: 20_000n, backNs: 50_000n, lateNs: 6_000n };

/** Of one check; the server is silent where `answers` says so. */
function samplesOf(answers: readonly boolean[], changes: Partial<NtpPacket>): readonly Sample[] {
  const peer = createInterleavedPeer({ offsetNs: 1_000_000n, knowsInterleaved: true, changes });
  const session = createInterleavedSession();
  const random = unsafelyDeterministicRandom(1);
  return answers.map((isAnswered, index) => {
    const { bytes } = session.nextRequest(random);
    const sentAtNs = START_NS + BigInt(index) * 2_000_000_000n;
    return session.judge(
      isAnswered ? peer.exchange(bytes, sentAtNs, PASSAGE) : peer.loss(bytes, sentAtNs, true),
    );
  });
}

const CHECKS: readonly [string, readonly boolean[], Partial<NtpPacket>][] = [
  ["good answers, the last of them interleaved", [true, true, true], {}],
  ["silence", [false, false, false], {}],
  ["an answer between silences", [false, true, false], {}],
  ["a clock that is not synchronised", [true], { leap: 3 }],
  ["a kiss code", [true], { stratum: 0, referenceId: 0x52415445 }],
];

test.each(CHECKS)(
  "of %s as much is told as of the samples themselves",
  (_name, answers, changes) => {
    const samples = samplesOf(answers, changes);
    const kept = samples.map(keptSample);
    const [whole, told] = [checkResultOf(samples), checkResultOf(kept)];
    expect(told.selectedIndex).toBe(whole.selectedIndex);
    expect(told.outcome).toEqual(whole.outcome);
    expect(kept.map((sample) => timedExchangeIndex(sample, kept))).toEqual(
      samples.map((sample) => timedExchangeIndex(sample, samples)),
    );
    for (const [index, sample] of samples.entries()) {
      const { exchange, mode, reason } = sample;
      expect(kept[index]).toMatchObject({ mode, reason });
      expect(kept[index]?.exchange).toBe(exchange);
    }
  },
);
