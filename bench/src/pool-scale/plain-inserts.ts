// The yardstick: rows that nothing is asked of, twelve a transaction, as fast as PostgreSQL on this machine takes them.

import type { Database } from "@truechimer/database";
import type { Call } from "./load.ts";
import { RESULTS } from "./submissions.ts";

const TABLE = "bench_plain_rows";

export interface PlainInserts extends AsyncDisposable {
  readonly call: Call;
  stored(): Promise<number>;
}

export async function openPlainInserts(
  database: Database,
  connections: number,
): Promise<PlainInserts> {
  const pool = database.openPool({ applicationName: "bench inserts", poolSize: connections });
  await pool.query(`drop table if exists ${TABLE}`);
  await pool.query(
    `create table ${TABLE} (id bigserial primary key, server_id bigint, monitor_id bigint, ts timestamptz,
       score float8, step float8, offset_ns bigint, rtt_ns bigint)`,
  );
  const rows = Array.from(
    { length: RESULTS },
    (_, place) => `(${place}, $1, now(), 20, 1, 1000, 1000000)`,
  ).join(", ");
  const text = `insert into ${TABLE} (server_id, monitor_id, ts, score, step, offset_ns, rtt_ns) values ${rows}`;
  return {
    call: async (caller) => {
      await pool.query({ name: "plain_insert", text, values: [caller] });
      return RESULTS;
    },
    stored: async () => {
      const { rows: told } = await pool.query<{ stored: number }>(
        `select count(*)::float8 as stored from ${TABLE}`,
      );
      return told[0]?.stored ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      await pool.query(`drop table ${TABLE}`);
      await pool.end();
    },
  };
}
