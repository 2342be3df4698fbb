// What bad input must leave behind: nothing in the database, and a number in the metrics.

import type { Database } from "@truechimer/database";
import { expect } from "vitest";

/** What refusals are counted in, and that a replica lives, is not what they are about. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  "rate_limit_counts",
  "rate_limit_windows",
  "replicas",
]);
/** That an agent was heard is noted, whatever it said. */
const HEARD = ["last_seen", "last_used_at", "key_used_at"];

/** Every row of every table, as digests by table. */
async function contentOf({ pool }: Database): Promise<Readonly<Record<string, string>>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const content: Record<string, string> = {};
  for (const { name } of tables.filter((table) => !BOOKKEEPING.has(table.name))) {
    const { rows } = await pool.query<{ digest: string }>(
      `select count(*) || ' rows ' || coalesce(md5(string_agg(row::text, ' ' order by row::text)), '') as digest
       from (select to_jsonb(t) - $1::text[] as row from ${name} t) as rows`,
      [HEARD],
    );
    content[name] = rows[0]?.digest ?? "";
  }
  return content;
}

/** Refused calls and results, however they are counted. */
async function refusalsCounted(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => REFUSALS.some((pattern) => pattern.test(line)))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const REFUSALS: readonly RegExp[] = [
  /^truechimer_access_refused_total\{/,
  /^truechimer_rpc_duration_seconds_count\{.*code="(?!ok")/,
  /^tests_completed_total\{.*result="(signature_validation|batch_out_of_order|refused|duplicate)"/,
  /^truechimer_enrolments_total\{outcome="(?!enrolled|repeated)/,
  /^truechimer_registrations_total\{outcome="(bad_request|limit_exceeded)"/,
  /^truechimer_rate_limit_requests_total\{.*outcome="refused"/,
];

/** Runs what must be refused; fails when a table changed by it, or no counter did. */
export async function refusedWithoutTrace<Value>(
  { database, url }: { readonly database: Database; readonly url: string },
  work: () => Promise<Value>,
): Promise<Value> {
  const before = await contentOf(database);
  const counted = await refusalsCounted(url);
  const value = await work();
  expect(await contentOf(database)).toEqual(before);
  expect(await refusalsCounted(url)).toBeGreaterThan(counted);
  return value;
}
