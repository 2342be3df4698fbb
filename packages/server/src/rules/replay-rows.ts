// The stored results of one server in the order in which the scorers went through them, some at a time: by time and id, but
// for those that were scored late; with the scores that were stored for them, and how monitors stood to the server.

import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { StoredStandings } from "../scorer/note-order.ts";
import { SCORED_RESULT_COLUMNS, type ScoredResult } from "../scorer/scored-result.ts";
import type { ScorerName } from "../scorer/scorers.ts";

/** Some hundred bytes each: what a replay holds of a server's results at once. */
const PAGE_ROWS = 5_000;

export interface ReplayQuestion {
  readonly serverId: bigint;
  /** Results from here on, to before the other. */
  readonly from: Timestamptz;
  readonly to: Timestamptz;
  /** `monitors.id` of each scorer, also of one that is paused. */
  readonly scorers: ReadonlyMap<ScorerName, bigint>;
}

/** A result as it was stored. */
export interface StoredResult extends ScoredResult {
  /** Null: before it was kept. */
  readonly scoreBefore: number | null;
}

/** A score that a scorer stored for a result. */
export interface StoredScore {
  readonly scorer: ScorerName;
  readonly scoreBefore: number | null;
  readonly score: number;
}

export interface ReplayPage {
  /** In the order of their times. */
  readonly results: readonly StoredResult[];
  /** By the result that caused it. */
  readonly scores: ReadonlyMap<bigint, readonly StoredScore[]>;
}

export async function* replayPages(
  database: Kysely<Schema>,
  question: ReplayQuestion,
): AsyncGenerator<ReplayPage, void> {
  const { serverId, from, to, scorers } = question;
  const scorerIds = [...scorers.values()];
  let after: { readonly at: Timestamptz; readonly id: bigint } = { at: from, id: 0n };
  for (;;) {
    const { rows } = await sql<Omit<StoredResult, "atNs">>`
      select ${SCORED_RESULT_COLUMNS}, l.score_before as "scoreBefore" from log_scores l
      where l.server_id = ${serverId} and l.ts >= ${after.at} and (l.ts, l.id) > (${after.at}, ${after.id}) and l.ts < ${to}
        and l.monitor_id <> all(${scorerIds}::bigint[])
      order by l.ts, l.id limit ${PAGE_ROWS}`.execute(database);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return;
    const results = rows.map((row) => ({ ...row, atNs: nsFromTimestamptz(row.at) }));
    yield {
      results,
      scores: await storedScores(database, question, { first: first.at, last: last.at }),
    };
    if (rows.length < PAGE_ROWS) return;
    after = { at: last.at, id: last.id };
  }
}

async function storedScores(
  database: Kysely<Schema>,
  { serverId, scorers }: ReplayQuestion,
  { first, last }: { readonly first: Timestamptz; readonly last: Timestamptz },
): Promise<ReadonlyMap<bigint, readonly StoredScore[]>> {
  const names = new Map([...scorers].map(([name, id]) => [id, name]));
  const { rows } = await sql<{
    readonly monitor_id: bigint;
    readonly score_before: number | null;
    readonly score: number;
    readonly caused_by: bigint;
  }>`
    select monitor_id, score_before, score, (attributes ->> 'from_ls_id')::bigint as caused_by from log_scores
    where server_id = ${serverId} and monitor_id = any(${[...names.keys()]}::bigint[]) and ts between ${first} and ${last}
      and attributes ? 'from_ls_id'
    order by ts, id`.execute(database);
  return Map.groupBy(
    rows.flatMap(({ monitor_id, score_before: scoreBefore, score, caused_by: causedBy }) => {
      const scorer = names.get(monitor_id);
      return scorer === undefined ? [] : [{ causedBy, scorer, scoreBefore, score }];
    }),
    ({ causedBy }) => causedBy,
  );
}

interface LateResult {
  readonly sequence: bigint;
  readonly afterNs: bigint;
}

/** Puts results that were scored late where they were scored. */
export class ScoringOrder<Row extends { readonly id: bigint; readonly atNs: bigint }> {
  readonly #late: ReadonlyMap<bigint, LateResult>;
  readonly #waiting: (LateResult & { readonly row: Row })[] = [];

  constructor(late: ReadonlyMap<bigint, LateResult>) {
    this.#late = late;
  }

  /** `rows`: by time and id, after those of the calls before. */
  *next(rows: readonly Row[]): Iterable<Row> {
    for (const row of rows) {
      const late = this.#late.get(row.id);
      if (late === undefined) {
        yield* this.#before(row.atNs);
        yield row;
      } else {
        this.#waiting.push({ ...late, row });
        this.#waiting.sort((a, b) => (a.sequence < b.sequence ? -1 : 1));
      }
    }
  }

  /** Those that no later one came after. */
  *rest(): Iterable<Row> {
    for (const { row } of this.#waiting.splice(0)) yield row;
  }

  *#before(atNs: bigint): Iterable<Row> {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || first.afterNs >= atNs) return;
      this.#waiting.shift();
      yield first.row;
    }
  }
}

export async function lateResults(
  database: Kysely<Schema>,
  { serverId, from, to }: ReplayQuestion,
): Promise<ReadonlyMap<bigint, LateResult>> {
  const rows = await database
    .selectFrom("results_scored_late")
    .select(["log_score_id", "sequence", "after_ts"])
    .where("server_id", "=", serverId)
    .where("ts", ">=", from)
    .where("ts", "<", to)
    .execute();
  return new Map(
    rows.map(({ log_score_id, sequence, after_ts }) => [
      log_score_id,
      { sequence, afterNs: nsFromTimestamptz(after_ts) },
    ]),
  );
}

/** How monitors stood to a server from one of its results on. */
export interface StandingsFrom {
  /** 0: from the beginning. */
  readonly fromId: bigint;
  readonly fromNs: bigint;
  readonly standings: StoredStandings;
}

/**
 * The one at the beginning of the range, and those since. From before they were kept: the first that was; where none ever
 * was, those of now.
 */
export async function standingsOver(
  database: Kysely<Schema>,
  { serverId, from, to }: ReplayQuestion,
): Promise<readonly StandingsFrom[]> {
  const { rows } = await sql<{
    readonly from_id: bigint;
    readonly from_ts: Timestamptz;
    readonly standings: StoredStandings;
  }>`
    select from_id, from_ts, standings from scored_standings
    where server_id = ${serverId} and from_ts < ${to} and sequence >= coalesce(
      (select max(sequence) from scored_standings where server_id = ${serverId} and from_ts <= ${from}), 0)
    order by sequence`.execute(database);
  const known = rows.map(({ from_id: fromId, from_ts, standings }) => ({
    fromId,
    fromNs: nsFromTimestamptz(from_ts),
    standings,
  }));
  const [first, ...others] = known;
  if (first !== undefined) return [{ ...first, fromId: 0n, fromNs: 0n }, ...others];
  return [{ fromId: 0n, fromNs: 0n, standings: await standingsNow(database, serverId) }];
}

async function standingsNow(database: Kysely<Schema>, serverId: bigint): Promise<StoredStandings> {
  const { rows } = await sql<{
    readonly id: bigint;
    readonly status: "active" | "testing";
    readonly monitor_status: string;
  }>`
    select m.id, ss.status, m.status as monitor_status from server_scores ss join monitors m on m.id = ss.monitor_id
    where ss.server_id = ${serverId} and ss.status in ('active', 'testing') and m.type = 'monitor'
      and m.status in ('active', 'testing') and m.is_current and m.deleted_on is null
    order by m.id`.execute(database);
  return rows.map(
    ({ id, status, monitor_status }) => [Number(id), status, monitor_status] as const,
  );
}
