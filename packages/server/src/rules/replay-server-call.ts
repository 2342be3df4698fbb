// ReplayServer: one server under another rule set, over time.

import { create } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import { ruleSetText } from "@truechimer/scoring";
import { optionalField, timestampFromNs, VERDICTS } from "../admin-api/admin-message.ts";
import { Pace } from "../analytics-api/pace.ts";
import type { ActingContext } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { askedRange, askedRules } from "./asked-rules.ts";
import { prepareReplay, type ReplayedPoint, replayServer } from "./replay-server.ts";
import { differenceMessage } from "./rule-messages.ts";

/** Each has two points at most: more than a chart has pixels for. */
const PARTS = 600n;
const VERDICTS_MAX = 1_000;

export async function replayServerCall(
  context: ActingContext,
  request: rulesV1.ReplayServerRequest,
  signal: AbortSignal,
): Promise<rulesV1.ReplayServerResponse> {
  const { rules } = await askedRules(context, request);
  const range = askedRange(context, request);
  const server = await context.database.kysely
    .selectFrom("servers")
    .select(["id", "name", "lab"])
    .where("id", "=", request.serverId)
    .executeTakeFirst();
  if (server === undefined) throw objectMissing("servers", request.serverId);
  const replay = await prepareReplay(context, { ...range, tried: rules });
  const scores = new ThinnedScores(range);
  const verdicts: ReplayedPoint[] = [];
  const finding = await replayServer(context, {
    replay,
    server,
    pace: new Pace(context.clock, signal),
    see: (point) => {
      scores.add(point);
      if (verdicts.length < VERDICTS_MAX && isNewVerdict(point, verdicts.at(-1)))
        verdicts.push(point);
    },
  });
  return create(rulesV1.ReplayServerResponseSchema, {
    serverName: server.name,
    activeId: ruleSetText(replay.active),
    triedId: ruleSetText(replay.tried),
    from: timestampFromNs(range.fromNs),
    to: timestampFromNs(range.toNs),
    difference: differenceMessage(finding, replay),
    scores: scores.points().map(({ atNs, score, scoreTried }) =>
      create(rulesV1.ReplayedScoreSchema, {
        at: timestampFromNs(atNs),
        ...optionalField("score", score),
        ...optionalField("scoreTried", scoreTried),
      }),
    ),
    verdicts: verdicts.map(({ atNs, verdict, verdictTried }) =>
      create(rulesV1.ReplayedVerdictSchema, {
        at: timestampFromNs(atNs),
        verdict: VERDICTS[verdict.verdict],
        verdictTried: VERDICTS[verdictTried.verdict],
        text: verdict.text,
        textTried: verdictTried.text,
      }),
    ),
    scoresCompared: BigInt(finding.scoresCompared),
    scoresReproduced: BigInt(finding.scoresReproduced),
  });
}

function isNewVerdict(point: ReplayedPoint, last: ReplayedPoint | undefined): boolean {
  return (
    point.verdict.verdict !== last?.verdict.verdict ||
    point.verdictTried.verdict !== last.verdictTried.verdict
  );
}

/** Of each part of a range the last point, and the one at which the scores differ the most. */
class ThinnedScores {
  readonly #fromNs: bigint;
  readonly #partNs: bigint;
  readonly #points: ReplayedPoint[] = [];
  #part = -1n;
  #last: ReplayedPoint | undefined;
  #widest: ReplayedPoint | undefined;

  constructor({ fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint }) {
    this.#fromNs = fromNs;
    this.#partNs = (toNs - fromNs) / PARTS + 1n;
  }

  add(point: ReplayedPoint): void {
    const part = (point.atNs - this.#fromNs) / this.#partNs;
    if (part !== this.#part) this.#endPart();
    this.#part = part;
    this.#last = point;
    if (this.#widest === undefined || differenceOf(point) > differenceOf(this.#widest))
      this.#widest = point;
  }

  points(): readonly ReplayedPoint[] {
    this.#endPart();
    return this.#points;
  }

  #endPart(): void {
    const [last, widest] = [this.#last, this.#widest];
    if (widest !== undefined && widest !== last) this.#points.push(widest);
    if (last !== undefined) this.#points.push(last);
    this.#last = undefined;
    this.#widest = undefined;
  }
}

function differenceOf({ score, scoreTried }: ReplayedPoint): number {
  return score === undefined || scoreTried === undefined ? 0 : Math.abs(scoreTried - score);
}
