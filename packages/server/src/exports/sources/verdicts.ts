// Every change of a verdict, along the index of events by time.

import { adminV1 } from "@truechimer/api";
import type { Timestamptz, VerdictName } from "@truechimer/database";
import { sql } from "kysely";
import { conditionSql } from "../../filter/condition-sql.ts";
import { EVENT_FILTER_COLUMNS } from "../../filter/filter-columns.ts";
import { ofAccount } from "../../people/account-sql.ts";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ActingContext } from "../../people/caller.ts";
import { requireServers } from "../../results/asked-servers.ts";
import { resultHorizon } from "../../results/results-question.ts";
import type { ExportQuestion } from "../export-question.ts";
import type { ExportSource } from "../export-source.ts";

const ROWS_A_PAGE = 2_000;

interface VerdictRow {
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

type Place = Pick<VerdictRow, "at" | "id">;

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
  // Events are in no archive.
  horizon: async (acting, { nowNs }) => resultHorizon(acting, nowNs),
  pages: async function* (acting, question) {
    const { serverIds } = question;
    if (serverIds.length > 0) await requireServers(acting.database.kysely, serverIds);
    const [id = 0n] = question.after?.numbers ?? [];
    let place: Place | undefined = question.after?.at && { at: question.after.at, id };
    for (;;) {
      const rows = await readPage(acting, question, place);
      yield rows;
      if (rows.length < ROWS_A_PAGE) return;
      place = rows.at(-1);
    }
  },
};

async function readPage(
  { database, caller }: ActingContext,
  { from, to, order, serverIds, condition }: ExportQuestion,
  place: Place | undefined,
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
