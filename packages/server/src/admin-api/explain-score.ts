// ExplainScore: why a score is what it is. The overall score by the result that was chosen, and by its votes, counted again
// with what is known today; a monitor's by its ledger, step by step, each with the check behind it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import {
  countVotes,
  type RuleSet,
  ruleSetText,
  type VoteCount,
  voteLookbackNs,
} from "@truechimer/scoring";
import type { Kysely } from "kysely";
import type { ServerContext } from "../context.ts";
import type { RuleSetOf } from "../rules/rule-sets.ts";
import { RECENT_MEDIAN_SCORER } from "../scorer/scorers.ts";
import type { Vote } from "../scorer/vote.ts";
import {
  ASSIGNMENT_STATUSES,
  durationFromNs,
  optionalField,
  optionalTimestamp,
  timestampFrom,
} from "./admin-message.ts";
import { ARITHMETIC_COLUMNS, CHECK_COLUMNS, checkMessage } from "./check-messages.ts";
import { explanationSentence } from "./explanation-sentence.ts";
import type { CheckDetailRow } from "./get-check.ts";
import { scoreArithmetic } from "./score-arithmetic.ts";
import { serverMessages } from "./server-messages.ts";
import { type VotesQuestion, votesAt } from "./votes-at.ts";

const STEPS_NORMAL = 20;
const STEPS_MAX = 200;

export async function explainScore(
  context: ServerContext,
  { serverId, monitorId, stepsMax }: adminV1.ExplainScoreRequest,
): Promise<adminV1.ExplainScoreResponse> {
  if (stepsMax > STEPS_MAX) {
    throw new AppError("bad_request", `steps_max ${stepsMax} is too large: at most ${STEPS_MAX}`);
  }
  const [server] = await serverMessages(context, { ids: [serverId] });
  if (server === undefined) {
    throw new AppError("not_found", `there is no server with the id ${serverId}`);
  }
  const ledgerSize = stepsMax === 0 ? STEPS_NORMAL : stepsMax;
  return monitorId === 0n
    ? await explainOverall(context, server, ledgerSize)
    : await explainMonitor(context, { server, monitorId, ledgerSize });
}

async function explainOverall(
  context: ServerContext,
  server: adminV1.Server,
  ledgerSize: number,
): Promise<adminV1.ExplainScoreResponse> {
  const { kysely } = context.database;
  const scored = await loadOverall(kysely, server.id);
  const rules = await rulesOfOverall(context, scored);
  const ruleSet = ruleSetText(rules);
  if (scored === undefined) {
    const sentence = explanationSentence({ kind: "unscored", server: server.name });
    return create(adminV1.ExplainScoreResponseSchema, { server, sentence, ruleSet });
  }
  if (rules.overall === "every") {
    return await explainEvery(context, { server, scored, rules, ledgerSize });
  }
  const { at, score } = scored;
  const lookbackNs = voteLookbackNs(rules);
  const votes = await votesAt(kysely, { serverId: server.id, at, lookbackNs });
  const count = countVotes(votes, nsFromTimestamptz(at), rules.attempts);
  const ids = count.standings.map(({ row }) => row.logScoreId);
  const checks = new Map(
    (
      await loadChecks(kysely, {
        serverId: server.id,
        ids: [...ids, scored.chosenId],
        at,
        lookbackNs,
      })
    ).map((row) => [row.id, row]),
  );
  const chosen = checks.get(scored.chosenId);
  const ledger =
    chosen === undefined
      ? []
      : await loadLedger(kysely, {
          serverId: server.id,
          monitorId: chosen.monitor_id,
          upTo: chosen.ts,
          ledgerSize,
        });
  const reproduced = count.chosen?.logScoreId === scored.chosenId;
  const chosenName = chosen?.monitor_name ?? "";
  const voting = count.standings.filter(({ refusal }) => refusal === undefined).length;
  const rulesOf = await context.ruleSets.ofResults(kysely, ledger);
  return create(adminV1.ExplainScoreResponseSchema, {
    server,
    score,
    scoreAt: timestampFrom(at),
    sentence: explanationSentence({
      kind: "overall",
      server: server.name,
      score,
      chosenName,
      votes: voting,
      scoreToday: reproduced ? undefined : count.chosen?.score,
      reproduced,
    }),
    ruleSet,
    votingStatuses: count.attempt.statuses.map((status) => ASSIGNMENT_STATUSES[status]),
    lookback: durationFromNs(count.attempt.lookbackNs),
    votes: voteMessages(count, checks, scored.chosenId),
    reproduced,
    ledgerMonitorId: chosen?.monitor_id ?? 0n,
    ledgerMonitorName: chosenName,
    ledger: ledger.map((row) => ledgerStep(row, rulesOf)),
  });
}

interface Overall {
  readonly score: number;
  readonly at: Timestamptz;
  /** `log_scores.id`. */
  readonly chosenId: bigint;
  readonly scorerId: bigint;
  /** Of the newest row that it has in the history. Absent: that is no longer kept. */
  readonly rule: string | null;
}

/** Absent overall score: the set in force. */
async function rulesOfOverall(
  { database, ruleSets }: ServerContext,
  scored: Overall | undefined,
): Promise<RuleSet> {
  const rule = scored?.rule ?? undefined;
  if (rule === undefined) return await ruleSets.active(database.kysely);
  const rulesOf = await ruleSets.ofResults(database.kysely, [{ rule }]);
  return rulesOf({ rule });
}

/** The overall score by the method `every`: its own rows, which are thinned out where it hardly changes. */
async function explainEvery(
  { database, ruleSets }: ServerContext,
  input: {
    readonly server: adminV1.Server;
    readonly scored: Overall;
    readonly rules: RuleSet;
    readonly ledgerSize: number;
  },
): Promise<adminV1.ExplainScoreResponse> {
  const { server, scored, rules, ledgerSize } = input;
  const { score, at, scorerId } = scored;
  const { kysely } = database;
  const ledger = await loadLedger(kysely, { serverId: server.id, monitorId: scorerId, ledgerSize });
  const rulesOf = await ruleSets.ofResults(kysely, ledger);
  return create(adminV1.ExplainScoreResponseSchema, {
    server,
    score,
    scoreAt: timestampFrom(at),
    sentence: explanationSentence({
      kind: "every",
      server: server.name,
      score,
      decay: rules.decay,
    }),
    ruleSet: ruleSetText(rules),
    reproduced: true,
    ledgerMonitorId: scorerId,
    ledgerMonitorName: RECENT_MEDIAN_SCORER,
    ledger: ledger.map((row) => ledgerStep(row, rulesOf)),
  });
}

/** Absent: no result has been counted. */
async function loadOverall(kysely: Kysely<Schema>, serverId: bigint): Promise<Overall | undefined> {
  const row = await kysely
    .selectFrom("server_scores as ss")
    .innerJoin("monitors as m", "m.id", "ss.monitor_id")
    .leftJoin("log_scores as l", (join) =>
      join.onRef("l.id", "=", "ss.last_log_score_id").onRef("l.ts", "=", "ss.last_answer_ts"),
    )
    .select(["ss.monitor_id", "ss.score_raw", "ss.score_ts", "ss.chosen_id", "l.rule"])
    .where("ss.server_id", "=", serverId)
    .where("m.type", "=", "score")
    .where("m.hostname", "=", RECENT_MEDIAN_SCORER)
    .executeTakeFirst();
  const at = row?.score_ts ?? null;
  if (row === undefined || at === null) return undefined;
  const { score_raw: score, chosen_id, monitor_id: scorerId, rule } = row;
  return { score, at, chosenId: chosen_id ?? 0n, scorerId, rule };
}

function voteMessages(
  { standings }: VoteCount<Vote>,
  checks: ReadonlyMap<bigint, CheckDetailRow>,
  chosenId: bigint,
): adminV1.ScoreVote[] {
  return standings.map(({ row, refusal }) => {
    const check = checks.get(row.logScoreId);
    return create(adminV1.ScoreVoteSchema, {
      ...optionalField("check", check === undefined ? undefined : checkMessage(check)),
      status: ASSIGNMENT_STATUSES[row.assignment],
      counted: refusal === undefined,
      chosen: row.logScoreId === chosenId,
      reason: refusal ?? "",
    });
  });
}

async function explainMonitor(
  context: ServerContext,
  input: {
    readonly server: adminV1.Server;
    readonly monitorId: bigint;
    readonly ledgerSize: number;
  },
): Promise<adminV1.ExplainScoreResponse> {
  const { server, monitorId, ledgerSize } = input;
  const { kysely } = context.database;
  const assignment = await kysely
    .selectFrom("server_scores as ss")
    .innerJoin("monitors as m", "m.id", "ss.monitor_id")
    .select(["m.hostname", "ss.score_raw", "ss.score_ts"])
    .where("ss.server_id", "=", server.id)
    .where("ss.monitor_id", "=", monitorId)
    .executeTakeFirst();
  if (assignment === undefined) {
    throw new AppError(
      "not_found",
      `the monitor ${monitorId} does not watch ${server.name}: see the server's monitors`,
    );
  }
  const ledger = await loadLedger(kysely, { serverId: server.id, monitorId, ledgerSize });
  const rulesOf = await context.ruleSets.ofResults(kysely, ledger);
  const [last] = ledger;
  const rules = last === undefined ? await context.ruleSets.active(kysely) : rulesOf(last);
  const { hostname, score_raw: score, score_ts: at } = assignment;
  return create(adminV1.ExplainScoreResponseSchema, {
    server,
    ...optionalField("score", at === null ? undefined : score),
    ...optionalTimestamp("scoreAt", at),
    sentence: explanationSentence(
      at === null
        ? { kind: "unscored", server: server.name }
        : {
            kind: "monitor",
            server: server.name,
            score,
            monitor: hostname,
            steps: ledger.length,
            decay: rules.decay,
          },
    ),
    ruleSet: ruleSetText(rules),
    reproduced: true,
    ledgerMonitorId: monitorId,
    ledgerMonitorName: hostname,
    ledger: ledger.map((row) => ledgerStep(row, rulesOf)),
  });
}

/** Of what counts at that instant: PostgreSQL then looks at the server's rows of those hours. */
function loadChecks(
  kysely: Kysely<Schema>,
  { serverId, ids, at, lookbackNs }: VotesQuestion & { readonly ids: readonly bigint[] },
): Promise<CheckDetailRow[]> {
  return detailRows(kysely)
    .where("l.server_id", "=", serverId)
    .where("l.id", "in", [...ids])
    .where("l.ts", "<=", at)
    .where("l.ts", ">=", timestamptzFromNs(nsFromTimestamptz(at) - lookbackNs))
    .execute();
}

function loadLedger(
  kysely: Kysely<Schema>,
  input: {
    readonly serverId: bigint;
    readonly monitorId: bigint;
    /** The newest step's instant. Absent: the newest that there is. */
    readonly upTo?: Timestamptz;
    readonly ledgerSize: number;
  },
): Promise<CheckDetailRow[]> {
  const { serverId, monitorId, upTo, ledgerSize } = input;
  const steps = detailRows(kysely)
    .where("l.server_id", "=", serverId)
    .where("l.monitor_id", "=", monitorId);
  return (upTo === undefined ? steps : steps.where("l.ts", "<=", upTo))
    .orderBy("l.ts", "desc")
    .orderBy("l.id", "desc")
    .limit(ledgerSize)
    .execute();
}

function detailRows(kysely: Kysely<Schema>) {
  return kysely
    .selectFrom("log_scores as l")
    .leftJoin("monitors as m", "m.id", "l.monitor_id")
    .select([...CHECK_COLUMNS, ...ARITHMETIC_COLUMNS]);
}

function ledgerStep(row: CheckDetailRow, rulesOf: RuleSetOf): adminV1.LedgerStep {
  return create(adminV1.LedgerStepSchema, {
    check: checkMessage(row),
    arithmetic: scoreArithmetic(row, rulesOf),
  });
}
