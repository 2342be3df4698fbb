// Rule sets, their coming into force, and what a replay found, as messages.

import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import { type RuleSet, ruleSetText } from "@truechimer/scoring";
import {
  durationFromNs,
  optionalField,
  timestampFrom,
  timestampFromNs,
  VERDICTS,
} from "../admin-api/admin-message.ts";
import { type Replay, SCORE_DIFFERS_FROM, type ServerFinding } from "./replay-server.ts";

/** Sums over servers, as the trial goes on. */
export function addFinding(effect: rulesV1.TrialEffect, finding: ServerFinding): void {
  if (finding.last === undefined) return;
  effect.servers += 1;
  if (finding.verdictDiffersNs > 0n || finding.firstDifference !== undefined)
    effect.serversVerdictDiffers += 1;
  if (Math.abs(finding.greatest?.difference ?? 0) >= SCORE_DIFFERS_FROM)
    effect.serversScoreDiffers += 1;
  effect.results += BigInt(finding.results);
  effect.resultsSteppedOtherwise += BigInt(finding.resultsSteppedOtherwise);
  effect.scoresCompared += BigInt(finding.scoresCompared);
  effect.scoresReproduced += BigInt(finding.scoresReproduced);
}

export function newEffect({ fromNs, toNs }: Pick<Replay, "fromNs" | "toNs">): rulesV1.TrialEffect {
  return create(rulesV1.TrialEffectSchema, {
    from: timestampFromNs(fromNs),
    to: timestampFromNs(toNs),
  });
}

/** As it is kept in the database and in the audit trail. */
export function effectJson(effect: rulesV1.TrialEffect): JsonValue {
  return toJson(rulesV1.TrialEffectSchema, effect, { alwaysEmitImplicit: true });
}

export interface ActivationRow {
  readonly name: string;
  readonly version: number;
  readonly activated_at: Timestamptz;
  readonly activated_by: string;
  readonly effect: unknown;
}

export function activationMessage(row: ActivationRow): rulesV1.RuleSetActivation {
  return create(rulesV1.RuleSetActivationSchema, {
    id: ruleSetText(row),
    at: timestampFrom(row.activated_at),
    by: row.activated_by,
    effect: fromJson(rulesV1.TrialEffectSchema, row.effect as JsonValue, {
      ignoreUnknownFields: true,
    }),
  });
}

export function hasDifference({
  verdictDiffersNs,
  firstDifference,
  greatest,
}: ServerFinding): boolean {
  return verdictDiffersNs > 0n || firstDifference !== undefined || greatest !== undefined;
}

export function differenceMessage(
  finding: ServerFinding,
  { active, tried }: Pick<Replay, "active" | "tried">,
): rulesV1.ServerDifference {
  const { server, last, firstDifference, greatest } = finding;
  return create(rulesV1.ServerDifferenceSchema, {
    serverId: server.id,
    serverName: server.name,
    ...optionalField("verdict", last && VERDICTS[last.verdict.verdict]),
    ...optionalField("verdictTried", last && VERDICTS[last.verdictTried.verdict]),
    verdictDiffers: durationFromNs(finding.verdictDiffersNs),
    ...optionalField("firstAt", firstDifference && timestampFromNs(firstDifference.atNs)),
    text: firstDifference?.verdict.text ?? "",
    textTried: firstDifference?.verdictTried.text ?? "",
    ...optionalField("score", last?.score),
    ...optionalField("scoreTried", last?.scoreTried),
    ...optionalField("scoreDifference", greatest?.difference),
    ...optionalField("scoreDifferenceAt", greatest && timestampFromNs(greatest.atNs)),
    results: BigInt(finding.results),
    resultsSteppedOtherwise: BigInt(finding.resultsSteppedOtherwise),
    why: greatest === undefined ? "" : whyText(finding, { active, tried }),
  });
}

/** What makes the scores differ, the first cause that there is. */
function whyText(
  { results, resultsSteppedOtherwise, stepChanges }: ServerFinding,
  { active, tried }: { readonly active: RuleSet; readonly tried: RuleSet },
): string {
  const [most] = [...stepChanges].toSorted(([, a], [, b]) => b - a);
  if (most !== undefined) {
    return `${resultsSteppedOtherwise} of ${results} checks have another step, most often ${most[0]} (${most[1]} times)`;
  }
  if (tried.decay !== active.decay)
    return `the same steps with another decay, ${tried.decay} and not ${active.decay}`;
  if (tried.overall !== active.overall)
    return `the same steps, and the overall score by the method ${tried.overall} and not ${active.overall}`;
  return "the same steps, with other caps or other votes in the overall score";
}
