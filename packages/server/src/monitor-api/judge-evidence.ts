// A status against its own evidence: the selected exchange is judged anew, and what comes out is what counts. An agent
// that says something else than its packets is wrong or lies, and is not believed either way.
//
// An exchange in interleaved mode is judged together with those before it, because its stamps are of one of them.

import { monitorV2 } from "@truechimer/api";
import { ok, type Result, refused } from "@truechimer/base";
import {
  type CheckOutcome,
  checkResultOf,
  isAgentFault,
  type Sample,
  timedExchangeIndex,
} from "@truechimer/ntp";
import { type Evidence, judgePackets } from "./check-evidence.ts";

/** What an agent may round differently on the way to its offset; more is another offset. */
const EVIDENCE_OFFSET_TOLERANCE_NS = 10_000n;

/** What an agent says that the exchange came to. */
export interface ClaimedOutcome {
  /** Absent: success. */
  readonly reason: string | undefined;
  readonly noResponse: boolean;
  readonly offsetNs: bigint | undefined;
}

/** What the evidence comes to; absent where there is none. A refusal says how the claim differs from it. */
export function judgeEvidence(
  { selectedResponse, responses }: Evidence,
  selectedIndex: number,
  claimed: ClaimedOutcome,
): Result<CheckOutcome | undefined, string> {
  // What the agent's own clock spoilt is not recorded, whatever its packets say.
  if (selectedResponse === undefined || isAgentFault(claimed.reason)) return ok(undefined);
  const judged = judgeSelected(selectedResponse, responses.slice(0, selectedIndex + 1));
  if (!judged.ok) return judged;
  const { outcome } = checkResultOf([judged.value]);
  const { reason, noResponse, offsetNs } = outcome;
  if (reason !== claimed.reason || noResponse !== claimed.noResponse) {
    return refused(
      `the evidence says ${wordsOf(outcome)}, the result says ${wordsOf(claimed)}: update the agent`,
    );
  }
  if (offsetNs === undefined || claimed.offsetNs === undefined) return ok(outcome);
  const differenceNs = offsetNs - claimed.offsetNs;
  const magnitudeNs = differenceNs < 0n ? -differenceNs : differenceNs;
  return magnitudeNs > EVIDENCE_OFFSET_TOLERANCE_NS
    ? refused(
        `the evidence gives an offset of ${offsetNs} ns, the result says ${claimed.offsetNs} ns: update the agent`,
      )
    : ok(outcome);
}

/** In basic mode the exchange speaks for itself; most are, so that the others are spared. */
function judgeSelected(
  selected: monitorV2.NTPPacket,
  upToIt: readonly monitorV2.NTPPacket[],
): Result<Sample, string> {
  const isInterleaved = selected.mode === monitorV2.ExchangeMode.INTERLEAVED;
  const chain = isInterleaved ? upToIt : [selected];
  const samples = judgePackets(chain);
  const sample = samples.at(-1);
  if (sample === undefined) return refused("the selected exchange is none of the exchanges");
  const timedIndex = timedExchangeIndex(sample, samples);
  return timedIndex === selected.timedExchangeIndex
    ? ok(sample)
    : refused(
        `the evidence times exchange ${timedIndex ?? "itself"}, the result says ` +
          `${selected.timedExchangeIndex ?? "itself"}: update the agent`,
      );
}

function wordsOf({ reason, noResponse }: Omit<ClaimedOutcome, "offsetNs">): string {
  return `${reason ?? "success"}${noResponse ? " without an answer" : ""}`;
}
