// Changes of verdicts from the archive.

import type { Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { ofAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { archivedEvents, type EventPage, type EventPlace } from "../results/archived-events.ts";
import type { ExportQuestion } from "./export-question.ts";
import type { VerdictRow } from "./sources/verdicts.ts";

const EPOCH = "1970-01-01T00:00:00.000000Z" as Timestamptz;

export interface ArchivedPart {
  readonly place: EventPlace | undefined;
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
): Promise<EventPage<VerdictRow>> {
  if (acting.archive === undefined) return { rows: [], place: undefined };
  const end = to < border ? to : border;
  const found = await archivedEvents(acting, {
    from,
    to: end,
    order,
    kind: "verdict_changed",
    serverIds: await idsOf(acting, serverIds),
    condition,
    place: place ?? { at: order === "newest" ? end : from, id: 0n },
    rowsMax,
  });
  return {
    rows: found.rows.map((row) => ({ ...row, server_id: row.server_id ?? 0n })),
    place: found.place,
  };
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
