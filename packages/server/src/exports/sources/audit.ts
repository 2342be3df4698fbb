// The audit trail, as it is chained: with the hashes, so that whoever has the file can verify it alone.

import { peopleV1 } from "@truechimer/api";
import { ENTRY_COLUMNS, type EntryRow } from "../../audit/read-trail.ts";
import type { ActingContext } from "../../people/caller.ts";
import { PEOPLE_PERMISSIONS } from "../../people/people-permissions.ts";
import type { ExportQuestion } from "../export-question.ts";
import type { ExportSource } from "../export-source.ts";

const ROWS_A_PAGE = 1_000;

export const AUDIT_SOURCE: ExportSource<EntryRow> = {
  table: "audit",
  method: peopleV1.PeopleService.method.listAuditEntries,
  permission: PEOPLE_PERMISSIONS.listAuditEntries,
  values: {
    sequence: ({ sequence }) => sequence,
    at: ({ at }) => at,
    actor_kind: (row) => row.actor_kind,
    actor_id: (row) => row.actor_id,
    actor_name: (row) => row.actor_name,
    act: ({ act }) => act,
    object: ({ object }) => object,
    account_id: (row) => row.account_id,
    before: ({ before }) => before,
    after: ({ after }) => after,
    previous_hash: (row) => row.previous_hash,
    hash: ({ hash }) => hash,
  },
  pages: async function* (acting, question) {
    let [place] = question.after?.numbers ?? [];
    for (;;) {
      const rows = await readPage(acting, question, place);
      yield rows;
      if (rows.length < ROWS_A_PAGE) return;
      place = rows.at(-1)?.sequence;
    }
  },
};

async function readPage(
  { database, caller }: ActingContext,
  { from, to, order }: ExportQuestion,
  place: bigint | undefined,
): Promise<readonly EntryRow[]> {
  let query = database.kysely
    .selectFrom("audit_entries")
    .select(ENTRY_COLUMNS)
    .where("at", "<", to)
    .orderBy("sequence", order === "newest" ? "desc" : "asc")
    .limit(ROWS_A_PAGE);
  if (from !== undefined) query = query.where("at", ">=", from);
  if (caller?.accountId !== undefined) query = query.where("account_id", "=", caller.accountId);
  if (place !== undefined) query = query.where("sequence", order === "newest" ? "<" : ">", place);
  return query.execute();
}
