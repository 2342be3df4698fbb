// Results from the archive: taken by their time, and then asked the filter, as those in memory are.

import { nsFromTimestamptz, type Schema } from "@truechimer/database";
import { type Column, columnsOf, compileCondition, type ReadColumn } from "@truechimer/filter";
import type { Kysely } from "kysely";
import type { ArchiveReader, ReadBackRow } from "../archive/archive-reader.ts";
import { monitorRows, readerOf, serverRowsOf } from "./entity-rows.ts";
import type { FoundRows, ListedRow, ResultPart } from "./result-part.ts";
import { RESULTS_LIMITS, type ResultPlace } from "./results-question.ts";

type Row = ReadBackRow & { readonly serverId: number; readonly monitorId: number };

const ARCHIVED_CHECK: Readonly<Record<Column, ReadColumn<Row>>> = {
  "check.at": ({ ts }) => nsFromTimestamptz(ts),
  "check.offset_ns": ({ offset_ns }) => offset_ns ?? undefined,
  "check.bound_ns": ({ bound_ns }) => bound_ns ?? undefined,
  "check.rtt_ns": ({ rtt_ns }) => rtt_ns ?? undefined,
  "check.stratum": ({ stratum }) => stratum ?? undefined,
  "check.leap": ({ leap }) => leap ?? undefined,
  "check.reason": ({ reason }) => reason ?? undefined,
  "check.step": ({ step }) => step,
  "check.score": ({ score }) => score,
  "check.has_evidence": ({ has_evidence }) => has_evidence,
  "check.id": ({ id }) => id,
};

/** Each piece is as large as all that one call may look through at most, so that few pass through few statements. */
const GROWTH = 4;

export async function archivedResults(
  kysely: Kysely<Schema>,
  part: ResultPart,
  archive: ArchiveReader,
): Promise<FoundRows> {
  const { question, servers, from, to } = part;
  const condition = servers.decideAll ? undefined : question.condition;
  const columns = condition === undefined ? [] : columnsOf(condition);
  const [monitors, serverRows] = await Promise.all([
    monitorRows(kysely, columns),
    serverRowsOf(kysely, columns, servers.ids),
  ]);
  const passes =
    condition === undefined
      ? () => true
      : compileCondition<Row>(condition, (column) =>
          readerOf(column, ARCHIVED_CHECK, { monitors, servers: serverRows }),
        );
  const rows: ListedRow[] = [];
  let place: ResultPlace | undefined = part.place;
  let left: number = RESULTS_LIMITS.databaseRowsMax;
  for (let pieceMax = part.rowsMax; left > 0; pieceMax *= GROWTH) {
    const rowsMax = Math.min(pieceMax, left);
    const found = await archive.results({
      from,
      to,
      order: question.order,
      writtenBy: question.writtenBy,
      serverIds: servers.ids && [...servers.ids],
      place,
      rowsMax,
      details: question.details,
    });
    for (const row of found.rows) {
      place = { ts: row.ts, id: row.id };
      if (!passes({ ...row, serverId: Number(row.server_id), monitorId: Number(row.monitor_id) }))
        continue;
      rows.push(row);
      if (rows.length === part.rowsMax) return { rows, place };
    }
    if (found.isOver) return { rows, place: undefined };
    left -= rowsMax;
  }
  return { rows, place };
}
