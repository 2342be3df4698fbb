// Results of a page of commits, with what the filters of those who watch ask of them.

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
import type { SqlColumn } from "../filter/condition-sql.ts";
import { CHECK_FILTER_COLUMNS } from "../filter/filter-columns.ts";

/** One accepted check: its own columns, and those that filters read, under their names. */
export type LiveRow = CheckRow & {
  readonly server_name: string;
  readonly accepted_at: Timestamptz;
} & Readonly<Partial<Record<Column, unknown>>>;

export interface LiveRowsQuestion {
  /** Whose results are no checks. */
  readonly exceptMonitorIds: readonly bigint[];
  /** What filters will read: a row has forty such columns, of which few are ever asked for. */
  readonly columns: ReadonlySet<Column>;
}

/** The checks of a page of commits, in the order in which they were accepted. */
export async function liveRows(
  kysely: Kysely<Schema>,
  page: ResultsPage,
  { exceptMonitorIds, columns }: LiveRowsQuestion,
): Promise<readonly LiveRow[]> {
  if (page.commits.length === 0) return [];
  const { first, last } = resultTimes(page);
  const filtered = [...columns].map(
    (column) => sql`, ${sqlColumn(column).expression} as ${sql.id(column)}`,
  );
  const { rows } = await sql<LiveRow>`
    select l.id, l.ts, l.server_id, l.monitor_id, l.offset_ns, l.bound_ns, l.rtt_ns, l.stratum, l.leap, l.reason, l.step,
      l.score, l.has_evidence, m.hostname as monitor_name, s.name as server_name, k.accepted_at${sql.join(filtered, sql``)}
    from ${resultKeys(page, exceptMonitorIds)} k
    cross join lateral (
      select id, ts, server_id, monitor_id, offset_ns, bound_ns, rtt_ns, stratum, leap, reason, step, score, has_evidence
      from log_scores
      where id = k.id and ts = k.ts and ts >= ${first} and ts <= ${last}
      -- By the key, row for row: a day that has just begun has no statistics, and a plan made without them takes longer
      -- with each row.
      offset 0
    ) l
    join servers s on s.id = l.server_id
    join monitors m on m.id = l.monitor_id
    left join agents a on a.id = m.agent_id
    order by k.accepted_at, l.id`.execute(kysely);
  return rows;
}

/** For filters of checks. */
export const liveReaders: Readers<LiveRow> = (column) => {
  const as = sqlColumn(column);
  return (row): ConditionValue | undefined => {
    const value = row[column];
    assert(value !== undefined, `a filter reads ${column}, which was not asked for`);
    if (value === null) return undefined;
    if (as.type === "instant") return nsFromTimestamptz(value as Timestamptz);
    return as.type === "float8" ? Number(value) : (value as ConditionValue);
  };
};

function sqlColumn(column: Column): SqlColumn {
  const found = CHECK_FILTER_COLUMNS[column];
  assert(found !== undefined, `no column ${column}`);
  return found;
}

export function watchedCheck(row: LiveRow): adminV1.WatchedCheck {
  return create(adminV1.WatchedCheckSchema, {
    check: checkMessage(row),
    serverName: row.server_name,
    acceptedAt: timestampFrom(row.accepted_at),
  });
}
