// The rows that lie in log_scores, page by page, for the exports that are made of them.

import type { MonitorType, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { knownFrom } from "../archive/archive-border.ts";
import type { ReadBackDetails } from "../archive/archive-reader.ts";
import type { ActingContext } from "../people/caller.ts";
import { pageOfResults } from "../results/list-results.ts";
import type { ListedRow } from "../results/result-part.ts";
import {
  type ResultPlace,
  type ResultsQuestion,
  resultHorizon,
} from "../results/results-question.ts";
import type { ExportQuestion } from "./export-question.ts";

const EPOCH = "1970-01-01T00:00:00.000000Z" as Timestamptz;

export interface ResultPages {
  readonly writtenBy: MonitorType;
  readonly rowsMax: number;
  /** Of results from the archive. */
  readonly details?: "steps" | "packets";
}

export async function* resultPages(
  acting: ActingContext,
  question: ExportQuestion,
  pages: ResultPages,
): AsyncGenerator<readonly ListedRow[], void> {
  const asked = resultsQuestion(acting, question, pages);
  let place: ResultPlace | undefined = asked.place;
  while (place !== undefined) {
    const page = await pageOfResults(acting, { ...asked, place });
    yield page.rows;
    ({ place } = page);
  }
}

/** How far back results are kept: by the retention, or where the range begins before it, by the archive. */
export async function resultsHorizon(
  acting: ActingContext,
  { from, nowNs }: ExportQuestion,
): Promise<Timestamptz> {
  const retention = resultHorizon(acting, nowNs);
  return await knownFrom(acting, { from: from ?? retention, retention });
}

function resultsQuestion(
  acting: ActingContext,
  { from: begin, to, order, serverIds, condition, after, nowNs }: ExportQuestion,
  { writtenBy, rowsMax, details }: ResultPages,
): ResultsQuestion {
  const horizon = resultHorizon(acting, nowNs);
  const from = begin ?? (horizon < to ? horizon : EPOCH);
  const start: ResultPlace = { ts: order === "newest" ? to : from, id: 0n };
  const [id = 0n] = after?.numbers ?? [];
  return {
    from,
    to,
    order,
    condition,
    writtenBy,
    serverIds,
    accountId: acting.caller?.accountId,
    pageSize: rowsMax,
    place: after?.at === undefined ? start : { ts: after.at, id },
    asOf: to,
    horizon,
    details,
  };
}

/**
 * More columns of rows that were found: of those from the archive by their details, of the others from the database. A row that
 * has gone meanwhile is left out.
 */
export async function withColumns<More extends object>(
  kysely: Kysely<Schema>,
  rows: readonly ListedRow[],
  { columns, archived }: MoreColumns<More>,
): Promise<readonly (ListedRow & More)[]> {
  const stored = await storedColumns<More>(
    kysely,
    rows.filter(({ details }) => details === undefined),
    columns,
  );
  return rows.flatMap((row) => {
    const known = row.details === undefined ? stored.get(row.id) : archived(row.details);
    return known === undefined ? [] : [{ ...row, ...known }];
  });
}

export interface MoreColumns<More> {
  /** Over `log_scores as l`. */
  readonly columns: RawBuilder<unknown>;
  readonly archived: (details: ReadBackDetails) => More;
}

async function storedColumns<More extends object>(
  kysely: Kysely<Schema>,
  rows: readonly ListedRow[],
  columns: RawBuilder<unknown>,
): Promise<ReadonlyMap<bigint, More>> {
  if (rows.length === 0) return new Map();
  const { rows: found } = await sql<{ readonly id: bigint } & More>`
    select l.id, ${columns}
    from unnest(${rows.map(({ ts }) => ts)}::timestamptz[], ${rows.map(({ id }) => id)}::bigint[]) as asked (ts, id)
    join log_scores l on l.ts = asked.ts and l.id = asked.id`.execute(kysely);
  return new Map(found.map((row) => [row.id, row]));
}
