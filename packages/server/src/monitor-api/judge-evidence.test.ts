import { clone } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import {
  INTERLEAVED_DELAY_NS,
  INTERLEAVED_OFFSET_NS,
  interleavedCheck,
} from "./_interleaved-check.ts";
import { type Evidence, selectedIndexOf } from "./check-evidence.ts";
import { judgeEvidence } from "./judge-evidence.ts";

const responses = [...interleavedCheck()];
const [first, second, third] = responses as [
  monitorV2.NTPPacket,
  monitorV2.NTPPacket,
  monitorV2.NTPPacket,
];
const claimed = { reason: undefined, noResponse: false, offsetNs: INTERLEAVED_OFFSET_NS };

function judged(evidence: Evidence): ReturnType<typeof judgeEvidence> {
  return judgeEvidence(evidence, selectedIndexOf(evidence), claimed);
}

function changed(
  packet: monitorV2.NTPPacket,
  change: (copy: monitorV2.NTPPacket) => void,
): monitorV2.NTPPacket {
  const copy = clone(monitorV2.NTPPacketSchema, packet);
  change(copy);
  return copy;
}

describe("the evidence of a check in interleaved mode", () => {
  test("gives the offset of the exchange that was timed, to the nanosecond", () => {
    const outcome = judged({ responses, selectedResponse: third });
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        reason: undefined,
        offsetNs: INTERLEAVED_OFFSET_NS,
        rttNs: INTERLEAVED_DELAY_NS,
      },
    });
  });

  test("still speaks for itself when a basic exchange was selected", () => {
    const outcome = judged({ responses, selectedResponse: second });
    expect(outcome).toMatchObject({ ok: true, value: { rttNs: INTERLEAVED_DELAY_NS + 6_000n } });
  });

  test.each<{ name: string; evidence: Evidence; says: string }>([
    {
      name: "without the exchange that it times",
      evidence: { responses: [first, third], selectedResponse: third },
      says: "times exchange itself, the result says 1",
    },
    {
      name: "without any other exchange",
      evidence: { responses: [], selectedResponse: third },
      says: "none of the exchanges",
    },
    {
      name: "that names another exchange than its request does",
      evidence: (() => {
        const other = changed(third, (copy) => (copy.timedExchangeIndex = 0));
        return { responses: [first, second, other], selectedResponse: other };
      })(),
      says: "times exchange 1, the result says 0",
    },
    {
      name: "that claims to be basic",
      evidence: (() => {
        const basic = changed(third, (copy) => {
          copy.mode = monitorV2.ExchangeMode.BASIC;
          delete copy.timedExchangeIndex;
        });
        return { responses: [first, second, basic], selectedResponse: basic };
      })(),
      says: "origin_mismatch",
    },
    {
      name: "of a basic exchange that claims to be interleaved",
      evidence: (() => {
        const claims = changed(second, (copy) => {
          copy.mode = monitorV2.ExchangeMode.INTERLEAVED;
          copy.timedExchangeIndex = 0;
        });
        return { responses: [first, claims, third], selectedResponse: claims };
      })(),
      says: "times exchange itself",
    },
    {
      name: "whose timed exchange was changed to another time",
      evidence: (() => {
        const moved = changed(second, (copy) => {
          if (copy.t1 !== undefined) copy.t1.nanos += 40_000;
        });
        return { responses: [first, moved, third], selectedResponse: third };
      })(),
      says: "the evidence gives an offset of",
    },
  ])("$name is refused", ({ evidence, says }) => {
    const outcome = judged(evidence);
    expect(outcome.ok ? "accepted" : outcome.error).toContain(says);
  });
});
