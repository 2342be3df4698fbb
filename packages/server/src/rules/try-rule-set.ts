// TryRuleSet: the stored history of all servers that the caller sees, one after the other, under another rule set.

import { create } from "@bufbuild/protobuf";
import { rulesV1 } from "@truechimer/api";
import { AppError, createUlid } from "@truechimer/base";
import type { JsonValue } from "@truechimer/database";
import { ruleSetText } from "@truechimer/scoring";
import { sql } from "kysely";
import { Pace } from "../analytics-api/pace.ts";
import { ofAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { askedRange, askedRules } from "./asked-rules.ts";
import {
  prepareReplay,
  type Replay,
  replayServer,
  type ServerFinding,
  type ServerToReplay,
} from "./replay-server.ts";
import {
  addFinding,
  differenceMessage,
  effectJson,
  hasDifference,
  newEffect,
} from "./rule-messages.ts";

/** A trial keeps a processor busy that also answers everybody else. */
const TRIALS_AT_ONCE_MAX = 1;
/** What a page or a terminal can show. */
const DIFFERENCES_MAX = 1_000;
const PROGRESS_EVERY_NS = 200_000_000n;

export interface Trials {
  readonly try: (
    context: ActingContext,
    request: rulesV1.TryRuleSetRequest,
    signal: AbortSignal,
  ) => AsyncGenerator<rulesV1.TryRuleSetResponse, void>;
}

/** Of this process. */
export function createTrials(): Trials {
  let running = 0;
  return {
    try: async function* (context, request, signal) {
      const asked = await askedRules(context, request);
      const range = askedRange(context, request);
      if (running >= TRIALS_AT_ONCE_MAX) throw busy();
      running += 1;
      try {
        const replay = await prepareReplay(context, { ...range, tried: asked.rules });
        yield* tryOut(context, { replay, document: asked.document, signal });
      } finally {
        running -= 1;
      }
    },
  };
}

interface Trial {
  readonly replay: Replay;
  readonly document: JsonValue;
  readonly signal: AbortSignal;
}

async function* tryOut(
  context: ActingContext,
  { replay, document, signal }: Trial,
): AsyncGenerator<rulesV1.TryRuleSetResponse, void> {
  const { clock } = context;
  const servers = await serversToReplay(context);
  const pace = new Pace(clock, signal);
  const effect = newEffect(replay);
  let worst: ServerFinding[] = [];
  let toldNs = clock.monotonicNs();
  yield progressMessage(0, servers.length, effect);
  for (const [index, server] of servers.entries()) {
    signal.throwIfAborted();
    const finding = await replayServer(context, { replay, server, pace });
    addFinding(effect, finding);
    if (hasDifference(finding)) worst.push(finding);
    if (worst.length >= 2 * DIFFERENCES_MAX) worst = worstOf(worst);
    if (clock.monotonicNs() - toldNs < PROGRESS_EVERY_NS) continue;
    toldNs = clock.monotonicNs();
    yield progressMessage(index + 1, servers.length, effect);
  }
  const trialId =
    context.caller?.accountId === undefined
      ? await keepTrial(context, { replay, document, effect })
      : "";
  const result = create(rulesV1.TrialResultSchema, {
    trialId,
    activeId: ruleSetText(replay.active),
    triedId: ruleSetText(replay.tried),
    effect,
    differences: worstOf(worst).map((finding) => differenceMessage(finding, replay)),
  });
  yield create(rulesV1.TryRuleSetResponseSchema, { event: { case: "result", value: result } });
}

function progressMessage(
  serversDone: number,
  serversTotal: number,
  { results }: rulesV1.TrialEffect,
): rulesV1.TryRuleSetResponse {
  const value = create(rulesV1.TrialProgressSchema, { serversDone, serversTotal, results });
  return create(rulesV1.TryRuleSetResponseSchema, { event: { case: "progress", value } });
}

/** Those that were removed are not among them. */
async function serversToReplay({
  database,
  caller,
}: ActingContext): Promise<readonly ServerToReplay[]> {
  const { rows } = await sql<ServerToReplay>`
    select s.id, s.name, s.lab from servers s
    where s.state <> 'removed' and ${ofAccount("s.account_id", caller?.accountId)}
    order by s.id`.execute(database.kysely);
  return rows;
}

/** Those whose verdict differs for longest, then those whose score differs most. */
function worstOf(findings: readonly ServerFinding[]): ServerFinding[] {
  const score = ({ greatest }: ServerFinding): number => Math.abs(greatest?.difference ?? 0);
  return findings
    .toSorted((a, b) => {
      if (a.verdictDiffersNs !== b.verdictDiffersNs)
        return a.verdictDiffersNs > b.verdictDiffersNs ? -1 : 1;
      return score(b) - score(a) || (a.server.id < b.server.id ? -1 : 1);
    })
    .slice(0, DIFFERENCES_MAX);
}

/** For an activation, which names it. */
async function keepTrial(
  { database, clock, random }: ActingContext,
  {
    replay,
    document,
    effect,
  }: Pick<Trial, "replay" | "document"> & { readonly effect: rulesV1.TrialEffect },
): Promise<string> {
  const id = createUlid(clock, random);
  await database.kysely
    .insertInto("rule_trials")
    .values({
      id,
      document: JSON.stringify(document),
      active_name: replay.active.name,
      active_version: replay.active.version,
      effect: JSON.stringify(effectJson(effect)),
    })
    .execute();
  return id;
}

function busy(): AppError {
  return new AppError(
    "limit_exceeded",
    `${TRIALS_AT_ONCE_MAX} trial of a rule set is under way: wait until it has ended`,
    { retryAfterMs: 10_000 },
  );
}
