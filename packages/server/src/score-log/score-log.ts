// The steps of a server's score as the NTP Pool publishes them: which rows are asked for, and what is read.

import { AppError, parseIpAddress } from "@truechimer/base";
import { type Schema, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { ServerContext } from "../context.ts";

/** The NTP Pool's: who wants more asks for what came since the last row, or for an export. */
const ROWS_DEFAULT = 100;
const ROWS_MAX = 10_000;
/** A removed server's log is still to be had for so long. */
const REMOVED_SHOWN_DAYS = 30;
/** Whose steps are the score itself. */
const OVERALL_SCORER = "recentmedian";
const NTP_PORT = 123;
const SECONDS_MAX = 253_402_300_799;
const WORD_SHOWN_MAX = 60;

export interface ScoreLogQuestion {
  /** An address, one with its port, or the server's number. */
  readonly server: string;
  /** Empty: the overall score. "*": of all. Else a number, or a name up to its first dot. */
  readonly monitor: string;
  /** Unix seconds; rows after it, the oldest first. 0: the newest first. */
  readonly since: number;
  readonly limit: number;
}

export interface ScoreLogRow {
  readonly ts: Timestamptz;
  readonly monitor_id: bigint;
  readonly monitor_name: string;
  readonly offset_ns: bigint | null;
  readonly step: number;
  readonly score: number;
  readonly leap: number | null;
  /** In words, where the check failed. */
  readonly error: string | null;
}

export interface ScoredBy {
  readonly id: bigint;
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly score: number;
  readonly ts: Timestamptz | null;
}

export interface ScoreLog {
  readonly address: string;
  readonly rows: readonly ScoreLogRow[];
  /** Those whose rows these are, as they stand now. */
  readonly monitors: readonly ScoredBy[];
}

/** Fails with bad_request. What is no parameter of ours is passed over, as scripts add words against caches. */
export function scoreLogQuestion(
  server: string,
  query: Readonly<Record<string, unknown>>,
): ScoreLogQuestion {
  return {
    server,
    monitor: textOf(query, "monitor"),
    since: numberOf(query, "since", { otherwise: 0, min: 0, max: SECONDS_MAX }),
    limit: Math.min(
      ROWS_MAX,
      numberOf(query, "limit", { otherwise: ROWS_DEFAULT, min: 1, max: Number.MAX_SAFE_INTEGER }),
    ),
  };
}

function numberOf(
  query: Readonly<Record<string, unknown>>,
  name: string,
  {
    otherwise,
    min,
    max,
  }: { readonly otherwise: number; readonly min: number; readonly max: number },
): number {
  const text = textOf(query, name);
  if (text === "") return otherwise;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new AppError(
    "bad_request",
    `${name}: "${text.slice(0, WORD_SHOWN_MAX)}" is no whole number from ${min} up`,
  );
}

function textOf(query: Readonly<Record<string, unknown>>, name: string): string {
  const given = query[name] ?? "";
  if (typeof given === "string") return given;
  throw new AppError("bad_request", `${name} is given more than once`);
}

/**
 * @param accountId the only account whose servers are known. Absent: all are.
 *
 * Fails with not_found for a server or a monitor that is not there.
 */
export async function readScoreLog(
  { database, clock }: Pick<ServerContext, "database" | "clock">,
  question: ScoreLogQuestion,
  accountId?: bigint,
): Promise<ScoreLog> {
  const { kysely } = database;
  const { since, limit } = question;
  const server = await findServer(kysely, question.server, accountId);
  const monitorId = await findMonitor(kysely, question.monitor);
  const sinceAt = timestamptzFromNs(BigInt(since) * 1_000_000_000n);
  const order = since > 0 ? sql`asc` : sql`desc`;
  const { rows } = await sql<ScoreLogRow>`
    select l.ts, l.monitor_id, m.hostname as monitor_name, l.offset_ns, l.step, l.score, l.leap,
      coalesce(l.attributes ->> 'error', l.reason) as error
    from log_scores l join monitors m on m.id = l.monitor_id
    where l.server_id = ${server.id} and l.ts > ${sinceAt} and l.ts <= ${timestamptzFromNs(clock.nowNs() + AHEAD_NS)}
      and (${monitorId ?? null}::bigint is null or l.monitor_id = ${monitorId ?? null}::bigint)
    order by l.ts ${order}, l.id ${order} limit ${limit}`.execute(kysely);
  return {
    address: server.address,
    rows,
    monitors: await scoredBy(kysely, server.id, [...new Set(rows.map((row) => row.monitor_id))]),
  };
}

/** Results of agents whose clocks are ahead are of today's partition too; an end spares PostgreSQL those of the days to come. */
const AHEAD_NS = 3_600_000_000_000n;

async function findServer(
  kysely: Kysely<Schema>,
  text: string,
  accountId: bigint | undefined,
): Promise<{ readonly id: bigint; readonly address: string }> {
  const condition = serverCondition(text);
  const { rows } = await sql<{ readonly id: bigint; readonly address: string }>`
    select id, host(ip) as address from servers
    where ${condition} and (${accountId ?? null}::bigint is null or account_id = ${accountId ?? null}::bigint)
      and (removed_on is null or removed_on > now() - make_interval(days => ${REMOVED_SHOWN_DAYS}::int))
    order by removed_on desc nulls first limit 1`.execute(kysely);
  const [found] = rows;
  if (condition === undefined || found === undefined) {
    throw new AppError("not_found", `there is no server "${text.slice(0, WORD_SHOWN_MAX)}"`);
  }
  return found;
}

function serverCondition(text: string): RawBuilder<boolean> {
  if (/^\d{1,18}$/.test(text)) return sql<boolean>`id = ${BigInt(text)}`;
  const [, bracketed, plain, port] =
    /^(?:\[(.+)\]|([^:]+|.*:.*:.*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = parseIpAddress(bracketed ?? plain ?? text);
  if (!address.ok) {
    throw new AppError(
      "bad_address",
      `"${text.slice(0, WORD_SHOWN_MAX)}" is no server: ${address.error}`,
    );
  }
  return sql<boolean>`ip = ${address.value.text}::inet and port = ${Number(port ?? NTP_PORT)}`;
}

/** Undefined: of all. */
async function findMonitor(kysely: Kysely<Schema>, text: string): Promise<bigint | undefined> {
  if (text === "*") return undefined;
  const condition = /^\d{1,18}$/.test(text)
    ? sql<boolean>`id = ${BigInt(text)}`
    : text === ""
      ? sql<boolean>`type = 'score' and hostname = ${OVERALL_SCORER}`
      : sql<boolean>`(hostname = ${text} or starts_with(hostname, ${`${text}.`}))`;
  const { rows } = await sql<{ readonly id: bigint }>`
    select id from monitors where ${condition} and deleted_on is null order by hostname, id limit 1`.execute(
    kysely,
  );
  const [found] = rows;
  if (found === undefined) {
    throw new AppError("not_found", `there is no monitor "${text.slice(0, WORD_SHOWN_MAX)}"`);
  }
  return found.id;
}

async function scoredBy(
  kysely: Kysely<Schema>,
  serverId: bigint,
  monitorIds: readonly bigint[],
): Promise<readonly ScoredBy[]> {
  const { rows } = await sql<ScoredBy>`
    select m.id, m.hostname as name, m.type, ss.status, ss.score_raw as score, ss.score_ts as ts
    from server_scores ss join monitors m on m.id = ss.monitor_id
    where ss.server_id = ${serverId} and ss.monitor_id = any(${monitorIds}::bigint[])
    order by m.id`.execute(kysely);
  return rows;
}
