// Changes of verdicts from the archive: taken by their time, and then asked the filter, as results from there are.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import { type Column, columnsOf, compileCondition, type ReadColumn } from "@truechimer/filter";
import { sql } from "kysely";
import type { ArchivedEvent } from "../archive/archived-event.ts";
import { ofAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { monitorRows, readerOf, serverRowsOf } from "../results/entity-rows.ts";
import type { ExportQuestion } from "./export-question.ts";
import type { Place, VerdictRow } from "./sources/verdicts.ts";

type Row = ArchivedEvent & { readonly serverId: number; readonly monitorId: number };

const ARCHIVED_EVENT: Readonly<Record<Column, ReadColumn<Row>>> = {
  "event.at": ({ at }) => nsFromTimestamptz(at),
  "event.kind": ({ kind }) => kind,
  "event.reason": ({ reason }) => (reason === "" ? undefined : reason),
  "event.verdict_before": (row) => row.verdict_before ?? undefined,
  "event.verdict_after": (row) => row.verdict_after ?? undefined,
  "event.text": ({ text }) => text,
  "event.id": ({ id }) => id,
};
const EPOCH = "1970-01-01T00:00:00.000000Z" as Timestamptz;
/** No monitor has it. */
const NONE = -1;

export interface ArchivedPart {
  readonly place: Place | undefined;
  /** Excluded, where the range does not end before. */
  readonly border: Timestamptz;
  /** Looked through. */
  readonly rowsMax: number;
}

/** Those that pass of the next rows of the archive, and how far it was looked through. */
export async function archivedVerdicts(
  acting: ActingContext,
  { from = EPOCH, to, order, serverIds, condition }: ExportQuestion,
  { place, border, rowsMax }: ArchivedPart,
): Promise<{ readonly rows: readonly VerdictRow[]; readonly place: Place | undefined }> {
  const { archive, database } = acting;
  if (archive === undefined) return { rows: [], place: undefined };
  const end = to < border ? to : border;
  const start = { at: order === "newest" ? end : from, id: 0n };
  const { at: ts, id } = place ?? start;
  const found = await archive.events({
    from,
    to: end,
    order,
    kind: "verdict_changed",
    serverIds: await idsOf(acting, serverIds),
    place: { ts, id },
    rowsMax,
  });
  const passes = condition === undefined ? () => true : await filterOf(database, condition);
  const rows = found.rows.filter((row) =>
    passes({
      ...row,
      serverId: Number(row.server_id ?? NONE),
      monitorId: Number(row.monitor_id ?? NONE),
    }),
  );
  return {
    rows: rows.map((row) => ({ ...row, server_id: row.server_id ?? 0n })),
    place: found.isOver ? undefined : found.rows.at(-1),
  };
}

async function filterOf(
  { kysely }: ActingContext["database"],
  condition: NonNullable<ExportQuestion["condition"]>,
): Promise<(row: Row) => boolean> {
  const columns = columnsOf(condition);
  const monitors = await monitorRows(kysely, columns);
  const servers = await serverRowsOf(kysely, columns, undefined);
  return compileCondition<Row>(condition, (column) =>
    readerOf(column, ARCHIVED_EVENT, { monitors, servers }),
  );
}

/** Absent: all that there are. */
async function idsOf(
  { database: { kysely }, caller }: ActingContext,
  serverIds: readonly bigint[],
): Promise<readonly bigint[] | undefined> {
  if (caller?.accountId === undefined) return serverIds.length === 0 ? undefined : serverIds;
  const { rows } = await sql<{ readonly id: bigint }>`
    select s.id from servers s where ${ofAccount("s.account_id", caller.accountId)}
      and (${serverIds.length === 0} or s.id = any(${[...serverIds]}::bigint[]))`.execute(kysely);
  return rows.map(({ id }) => id);
}
