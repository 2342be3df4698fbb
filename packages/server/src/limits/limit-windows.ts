// The allowances of the cluster: one row a key, one statement for all keys that are wanted at once, in their order, so
// that two replicas never wait for each other in a circle. The database's clock decides when a window ends.

import type { Database } from "@truechimer/database";
import { sql } from "kysely";

export interface WantedAllowance {
  readonly limit: string;
  readonly key: Buffer;
  /** How many requests; fewer may be granted. */
  readonly wanted: number;
  readonly max: number;
  readonly windowMs: number;
}

export interface GrantedAllowance {
  readonly granted: number;
  /** By whomever, in this window. */
  readonly used: number;
  readonly resetMs: number;
  /** The window, for giving back. */
  readonly endsAt: string;
}

interface GrantRow {
  readonly limit_name: string;
  readonly key: Buffer;
  readonly granted: bigint;
  readonly used: bigint;
  readonly reset_ms: number;
  readonly ends_at: string;
}

/** One result for each that was wanted, in that order. No two may be of the same limit and key. */
export async function drawAllowances(
  { kysely }: Pick<Database, "kysely">,
  wanted: readonly WantedAllowance[],
): Promise<readonly GrantedAllowance[]> {
  const of = <Value>(value: (each: WantedAllowance) => Value): Value[] => wanted.map(value);
  const { rows } = await sql<GrantRow>`
    insert into rate_limit_windows as w (limit_name, key, ends_at, cap, used, granted)
    select t.limit_name, t.key, now() + make_interval(secs => t.window_ms / 1000.0), t.cap,
      least(t.wanted, t.cap), least(t.wanted, t.cap)
    from unnest(
      ${of(({ limit }) => limit)}::text[], ${of(({ key }) => key)}::bytea[],
      ${of(({ wanted: count }) => count)}::bigint[], ${of(({ max }) => max)}::bigint[],
      ${of(({ windowMs }) => windowMs)}::float8[]
    ) as t (limit_name, key, wanted, cap, window_ms)
    order by t.limit_name, t.key
    on conflict (limit_name, key) do update set
      ends_at = case when w.ends_at <= now() then excluded.ends_at else w.ends_at end,
      cap = excluded.cap,
      granted = case when w.ends_at <= now() then excluded.granted
        else greatest(0, least(excluded.granted, excluded.cap - w.used)) end,
      used = case when w.ends_at <= now() then excluded.granted
        else w.used + greatest(0, least(excluded.granted, excluded.cap - w.used)) end
    returning limit_name, key, granted, used, ends_at::text as ends_at,
      (extract(epoch from ends_at - now()) * 1000)::float8 as reset_ms`.execute(kysely);
  const byKey = new Map(rows.map((row) => [`${row.limit_name} ${row.key.toString("hex")}`, row]));
  return wanted.map(({ limit, key }) => {
    const row = byKey.get(`${limit} ${key.toString("hex")}`);
    if (row === undefined) throw new Error(`no allowance came back for ${limit}`);
    return {
      granted: Number(row.granted),
      used: Number(row.used),
      resetMs: row.reset_ms,
      endsAt: row.ends_at,
    };
  });
}

export interface UnusedAllowance {
  readonly limit: string;
  readonly key: Buffer;
  readonly endsAt: string;
  readonly unused: number;
}

/** What a replica that stops has not used. A window that has ended meanwhile stays as it is. */
export async function giveBackAllowances(
  { kysely }: Pick<Database, "kysely">,
  unused: readonly UnusedAllowance[],
): Promise<void> {
  const of = <Value>(value: (each: UnusedAllowance) => Value): Value[] => unused.map(value);
  await sql`
    with given as (
      select w.limit_name, w.key, t.unused
      from unnest(
        ${of(({ limit }) => limit)}::text[], ${of(({ key }) => key)}::bytea[],
        ${of(({ endsAt }) => endsAt)}::timestamptz[], ${of((each) => each.unused)}::bigint[]
      ) as t (limit_name, key, ends_at, unused)
      join rate_limit_windows w on w.limit_name = t.limit_name and w.key = t.key and w.ends_at = t.ends_at
      order by w.limit_name, w.key
      for update of w
    )
    update rate_limit_windows w set used = greatest(0, w.used - given.unused)
    from given where w.limit_name = given.limit_name and w.key = given.key`.execute(kysely);
}
