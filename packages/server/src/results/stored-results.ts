// Results from the database, piece by piece: each statement takes so many rows by their key and then asks the filter, so
// that one that hardly anything passes costs no more than one that everything does.

import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { conditionSql } from "../filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import type { FoundRows, ListedRow, ResultPart } from "./result-part.ts";
import { RESULTS_LIMITS, type ResultPlace } from "./results-question.ts";

/** A scorer has a row beside each check. */
const ROWS_A_CHECK = 2;
const PIECE_ROWS_MIN = 64;
const GROWTH = 4;

export async function storedResults(kysely: Kysely<Schema>, part: ResultPart): Promise<FoundRows> {
  const few = fewServers(part);
  if (few?.length === 0) return { rows: [], place: undefined };
  const sources = few?.length ?? 1;
  const rows: ListedRow[] = [];
  let { place } = part;
  let left: number = RESULTS_LIMITS.databaseRowsMax;
  let pieceMax = PIECE_ROWS_MIN + ROWS_A_CHECK * part.rowsMax;
  while (left > 0) {
    const rowsMax = part.rowsMax - rows.length;
    const rowsASource = Math.ceil(Math.min(pieceMax, left) / sources);
    const piece = await readPiece(kysely, { ...part, place, rowsMax }, rowsASource);
    rows.push(...piece.rows.slice(0, rowsMax));
    // One more than wanted: it tells that the page is not the last.
    if (piece.rows.length > rowsMax) return { rows, place: placeOf(rows.at(-1)) };
    if (piece.end === undefined) return { rows, place: undefined };
    place = piece.end;
    left -= rowsASource * sources;
    pieceMax *= GROWTH;
  }
  return { rows, place };
}

function fewServers({ servers: { ids } }: ResultPart): readonly bigint[] | undefined {
  return ids !== undefined && ids.size <= RESULTS_LIMITS.serversMax ? [...ids] : undefined;
}

interface Piece {
  readonly rows: readonly ListedRow[];
  /** Absent: the part is over. */
  readonly end: ResultPlace | undefined;
}

type PieceRow = { readonly end_ts: Timestamptz | null; readonly end_id: bigint | null } & {
  readonly [Column in keyof ListedRow]: ListedRow[Column] | null;
};

/**
 * The next rows of each source: of the results of all servers, or of each of a few. A source that has more ends the piece:
 * what another has beyond that place waits for the next one.
 */
async function readPiece(
  kysely: Kysely<Schema>,
  part: ResultPart,
  rowsASource: number,
): Promise<Piece> {
  const { question, rowsMax } = part;
  const isNewest = question.order === "newest";
  const direction = isNewest ? sql`desc` : sql`asc`;
  const { condition } = question;
  const { rows } = await sql<PieceRow>`
    with read as materialized (${sourcesOf(part, rowsASource)}), edge as materialized (
      select ts, id from read where nth = ${rowsASource}::int order by ts ${direction}, id ${direction} limit 1
    ), passed as (
      select l.*, m.hostname as monitor_name, s.name as server_name
      from read l
      join monitors m on m.id = l.monitor_id and m.type = ${question.writtenBy}::text
      join servers s on s.id = l.server_id
      left join agents a on a.id = m.agent_id
      where coalesce((l.ts, l.id) ${isNewest ? sql`>=` : sql`<=`} (select ts, id from edge), true) and ${askedAmongMany(part)}
        and ${condition === undefined ? sql`true` : conditionSql(condition, CHECK_FILTER_COLUMNS)}
      order by l.ts ${direction}, l.id ${direction}
      limit ${rowsMax + 1}::int)
    select e.ts as end_ts, e.id as end_id, p.*
    from (select 1) one left join edge e on true left join passed p on true
    order by p.ts ${direction}, p.id ${direction}`.execute(kysely);
  const { end_ts: ts = null, end_id: id = null } = rows[0] ?? {};
  return {
    rows: rows.filter((row): row is PieceRow & ListedRow => row.id !== null),
    end: ts === null || id === null ? undefined : { ts, id },
  };
}

/** Each in the order of its own index. */
function sourcesOf(part: ResultPart, rowsASource: number): RawBuilder<unknown> {
  const { from, to, place, question } = part;
  const isNewest = question.order === "newest";
  const direction = isNewest ? sql`desc` : sql`asc`;
  // The plain comparisons let PostgreSQL leave out whole days.
  const beyond = isNewest
    ? sql`l.ts <= ${place.ts} and (l.ts, l.id) < (${place.ts}::timestamptz, ${place.id}::bigint)`
    : sql`l.ts >= ${place.ts} and (l.ts, l.id) > (${place.ts}::timestamptz, ${place.id}::bigint)`;
  const ofSource = (which: RawBuilder<unknown>): RawBuilder<unknown> => sql`
    select ${COLUMNS}, row_number() over (order by l.ts ${direction}, l.id ${direction}) as nth
    from log_scores l where ${which} and l.ts >= ${from} and l.ts < ${to} and ${beyond}
    order by l.ts ${direction}, l.id ${direction} limit ${rowsASource}::int`;
  const few = fewServers(part);
  if (few === undefined) return ofSource(sql`true`);
  return sql`
    select l.* from unnest(${few}::bigint[]) asked (id)
    cross join lateral (${ofSource(sql`l.server_id = asked.id`)}) l`;
}

/** Few of them are sources of their own. */
function askedAmongMany(part: ResultPart): RawBuilder<unknown> {
  const { ids } = part.servers;
  if (ids === undefined || fewServers(part) !== undefined) return sql`true`;
  return sql`l.server_id = any(${[...ids]}::bigint[])`;
}

const COLUMNS = sql`l.id, l.ts, l.server_id, l.monitor_id, l.offset_ns, l.bound_ns, l.rtt_ns, l.stratum, l.leap, l.reason,
  l.step, l.score, l.has_evidence`;

function placeOf(row: ListedRow | undefined): ResultPlace | undefined {
  return row && { ts: row.ts, id: row.id };
}
