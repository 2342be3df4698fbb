// Every change of a verdict, along the index of events by time; what is older than the retention comes from the archive.

import { adminV1 } from "@truechimer/api";
import type { Timestamptz, VerdictName } from "@truechimer/database";
import { sql } from "kysely";
import { eventsBorder } from "../../archive/archive-border.ts";
import { conditionSql } from "../../filter/condition-sql.ts";
import { EVENT_FILTER_COLUMNS } from "../../filter/filter-columns.ts";
import { ofAccount } from "../../people/account-sql.ts";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ActingContext } from "../../people/caller.ts";
import { type EventPage, type EventPlace, mergedEvents } from "../../results/archived-events.ts";
import { requireServers } from "../../results/asked-servers.ts";
import { resultHorizon } from "../../results/results-question.ts";
import { archivedVerdicts } from "../archived-verdicts.ts";
import type { ExportQuestion } from "../export-question.ts";
import type { ExportSource } from "../export-source.ts";
import { resultsHorizon } from "../result-pages.ts";

const ROWS_A_PAGE = 2_000;

export interface VerdictRow {
  readonly id: bigint;
  readonly at: Timestamptz;
  readonly server_id: bigint;
  readonly server_name: string;
  readonly verdict_before: VerdictName | null;
  readonly verdict_after: VerdictName | null;
  readonly reason: string;
  readonly text: string;
  readonly verdict_rules: string | null;
}

export const VERDICTS_SOURCE: ExportSource<VerdictRow> = {
  table: "verdicts",
  method: adminV1.AdminService.method.listEvents,
  permission: ADMIN_PERMISSIONS.listEvents,
  values: {
    id: ({ id }) => id,
    at: ({ at }) => at,
    server_id: (row) => row.server_id,
    server: (row) => row.server_name,
    verdict_before: (row) => row.verdict_before,
    verdict_after: (row) => row.verdict_after,
    reason: ({ reason }) => reason,
    text: ({ text }) => text,
    rule_set: (row) => row.verdict_rules,
  },
  horizon: resultsHorizon,
  pages: async function* (acting, question) {
    const { serverIds, nowNs } = question;
    if (serverIds.length > 0) await requireServers(acting.database.kysely, serverIds);
    const [id = 0n] = question.after?.numbers ?? [];
    let place: EventPlace | undefined = question.after?.at && { at: question.after.at, id };
    const border = eventsBorder(acting, question.from ?? resultHorizon(acting, nowNs));
    for (;;) {
      const page = await nextPage(acting, question, { place, border });
      yield page.rows;
      if (page.place === undefined) return;
      ({ place } = page);
    }
  },
};

async function nextPage(
  acting: ActingContext,
  question: ExportQuestion,
  {
    place,
    border,
  }: { readonly place: EventPlace | undefined; readonly border: Timestamptz | undefined },
): Promise<EventPage<VerdictRow>> {
  // Before the archive: what it is sent meanwhile is in one of the two.
  const rows = await readPage(acting, question, place);
  const stored = { rows, place: rows.length < ROWS_A_PAGE ? undefined : rows.at(-1) };
  if (border === undefined || !reachesBehind(border, question, { place, end: stored.place }))
    return stored;
  const older = await archivedVerdicts(acting, question, { place, border, rowsMax: ROWS_A_PAGE });
  return mergedEvents(question.order, stored, older);
}

/** Whether a page from the place to the end has something of before the border. */
function reachesBehind(
  border: Timestamptz,
  { order }: ExportQuestion,
  { place, end }: { readonly place: EventPlace | undefined; readonly end: EventPlace | undefined },
): boolean {
  if (order === "oldest") return place === undefined || place.at < border;
  return end === undefined || end.at < border;
}

async function readPage(
  { database, caller }: ActingContext,
  { from, to, order, serverIds, condition }: ExportQuestion,
  place: EventPlace | undefined,
): Promise<readonly VerdictRow[]> {
  const isNewest = order === "newest";
  const direction = isNewest ? sql`desc` : sql`asc`;
  const { rows } = await sql<VerdictRow>`
    select e.id, e.at, e.server_id, s.name as server_name, e.verdict_before, e.verdict_after, e.reason, e.text,
      e.verdict_rules
    from events e join servers s on s.id = e.server_id
    left join monitors m on m.id = e.monitor_id left join agents a on a.id = m.agent_id
    where e.kind = 'verdict_changed' and e.at < ${to} and ${ofAccount("s.account_id", caller?.accountId)}
      and ${from === undefined ? sql`true` : sql`e.at >= ${from}`}
      and ${serverIds.length === 0 ? sql`true` : sql`e.server_id = any(${[...serverIds]}::bigint[])`}
      and ${condition === undefined ? sql`true` : conditionSql(condition, EVENT_FILTER_COLUMNS)}
      and ${place === undefined ? sql`true` : sql`(e.at, e.id) ${isNewest ? sql`<` : sql`>`} (${place.at}::timestamptz, ${place.id}::bigint)`}
    order by e.at ${direction}, e.id ${direction} limit ${ROWS_A_PAGE}`.execute(database.kysely);
  return rows;
}
