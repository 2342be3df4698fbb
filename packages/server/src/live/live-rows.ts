// Results of a page of commits, with all that a filter can ask of them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import {
  nsFromTimestamptz,
  type ResultsPage,
  resultKeys,
  resultTimes,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import type { Column, ConditionValue, Readers } from "@truechimer/filter";
import { type Kysely, sql } from "kysely";
import { timestampFrom } from "../admin-api/admin-message.ts";
import { type CheckRow, checkMessage } from "../admin-api/check-messages.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";

/** One accepted check: its own columns, and those of the filter under their names. */
export type LiveRow = CheckRow & {
  readonly server_name: string;
  readonly accepted_at: Timestamptz;
} & Readonly<Record<Column, unknown>>;

/** The checks of a page of commits, in the order in which they were accepted. */
export async function liveRows(
  kysely: Kysely<Schema>,
  page: ResultsPage,
  exceptMonitorIds: readonly bigint[],
): Promise<readonly LiveRow[]> {
  if (page.commits.length === 0) return [];
  const { first, last } = resultTimes(page);
  const filtered = Object.entries(CHECK_FILTER_COLUMNS).map(
    ([column, { expression }]) => sql`${expression} as ${sql.id(column)}`,
  );
  const { rows } = await sql<LiveRow>`
    select l.id, l.ts, l.server_id, l.monitor_id, l.offset_ns, l.bound_ns, l.rtt_ns, l.stratum, l.leap, l.reason, l.step,
      l.score, l.has_evidence, m.hostname as monitor_name, s.name as server_name, k.accepted_at, ${sql.join(filtered)}
    from ${resultKeys(page, exceptMonitorIds)} k
    join log_scores l on l.id = k.id and l.ts = k.ts
    join servers s on s.id = l.server_id
    join monitors m on m.id = l.monitor_id
    left join agents a on a.id = m.agent_id
    where l.ts >= ${first} and l.ts <= ${last}
    order by k.accepted_at, l.id`.execute(kysely);
  return rows;
}

/** For filters of checks. */
export const liveReaders: Readers<LiveRow> = (column) => {
  const as = CHECK_FILTER_COLUMNS[column];
  assert(as !== undefined, `no column ${column}`);
  return (row): ConditionValue | undefined => {
    const value = row[column];
    if (value === null || value === undefined) return undefined;
    if (as.type === "instant") return nsFromTimestamptz(value as Timestamptz);
    return as.type === "float8" ? Number(value) : (value as ConditionValue);
  };
};

export function watchedCheck(row: LiveRow): adminV1.WatchedCheck {
  return create(adminV1.WatchedCheckSchema, {
    check: checkMessage(row),
    serverName: row.server_name,
    acceptedAt: timestampFrom(row.accepted_at),
  });
}
