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
  RECENT_MEDIAN_RULE_SET,
  ruleSetText,
  STEP_RULE_SET,
  type VoteCount,
} from "@truechimer/scoring";
import type { Kysely } from "kysely";
import type { ServerContext } from "../context.ts";
import { VOTE_LOOKBACK_NS } from "../scorer/load-servers.ts";
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
import { votesAt } from "./votes-at.ts";

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
  const ruleSet = ruleSetText(RECENT_MEDIAN_RULE_SET);
  if (scored === undefined) {
    const sentence = explanationSentence({ kind: "unscored", server: server.name });
    return create(adminV1.ExplainScoreResponseSchema, { server, sentence, ruleSet });
  }
  const { at, score } = scored;
  const count = await countVotesAt(context, server.id, at);
  const ids = count.standings.map(({ row }) => row.logScoreId);
  const checks = new Map(
    (await loadChecks(kysely, server.id, { ids: [...ids, scored.chosenId], at })).map((row) => [
      row.id,
      row,
    ]),
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
  const votes = count.standings.filter(({ refusal }) => refusal === undefined).length;
  return create(adminV1.ExplainScoreResponseSchema, {
    server,
    score,
    scoreAt: timestampFrom(at),
    sentence: explanationSentence({
      kind: "overall",
      server: server.name,
      score,
      chosenName,
      votes,
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
    ledger: ledger.map(ledgerStep),
  });
}

interface Overall {
  readonly score: number;
  readonly at: Timestamptz;
  /** `log_scores.id`. */
  readonly chosenId: bigint;
}

/** Absent: no result has been counted. */
async function loadOverall(kysely: Kysely<Schema>, serverId: bigint): Promise<Overall | undefined> {
  const row = await kysely
    .selectFrom("server_scores as ss")
    .innerJoin("monitors as m", "m.id", "ss.monitor_id")
    .select(["ss.score_raw", "ss.score_ts", "ss.chosen_id"])
    .where("ss.server_id", "=", serverId)
    .where("m.type", "=", "score")
    .where("m.hostname", "=", RECENT_MEDIAN_SCORER)
    .executeTakeFirst();
  const at = row?.score_ts ?? null;
  if (row === undefined || at === null) return undefined;
  return { score: row.score_raw, at, chosenId: row.chosen_id ?? 0n };
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
  const { hostname, score_raw: score, score_ts: at } = assignment;
  return create(adminV1.ExplainScoreResponseSchema, {
    server,
    ...optionalField("score", at === null ? undefined : score),
    ...optionalTimestamp("scoreAt", at),
    sentence: explanationSentence(
      at === null
        ? { kind: "unscored", server: server.name }
        : { kind: "monitor", server: server.name, score, monitor: hostname, steps: ledger.length },
    ),
    ruleSet: ruleSetText(STEP_RULE_SET),
    reproduced: true,
    ledgerMonitorId: monitorId,
    ledgerMonitorName: hostname,
    ledger: ledger.map(ledgerStep),
  });
}

/** The votes as the scorer would find them for a result of that instant. */
async function countVotesAt(
  { database }: ServerContext,
  serverId: bigint,
  at: Timestamptz,
): Promise<VoteCount<Vote>> {
  return countVotes(await votesAt(database.kysely, serverId, at), nsFromTimestamptz(at));
}

/** Of what counts at that instant: PostgreSQL then looks at the server's rows of those hours. */
function loadChecks(
  kysely: Kysely<Schema>,
  serverId: bigint,
  { ids, at }: { readonly ids: readonly bigint[]; readonly at: Timestamptz },
): Promise<CheckDetailRow[]> {
  return detailRows(kysely)
    .where("l.server_id", "=", serverId)
    .where("l.id", "in", [...ids])
    .where("l.ts", "<=", at)
    .where("l.ts", ">=", timestamptzFromNs(nsFromTimestamptz(at) - VOTE_LOOKBACK_NS))
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

function ledgerStep(row: CheckDetailRow): adminV1.LedgerStep {
  return create(adminV1.LedgerStepSchema, {
    check: checkMessage(row),
    arithmetic: scoreArithmetic(row),
  });
}
