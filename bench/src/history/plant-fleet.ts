// The servers and monitors of a seeded database.

import type { Database } from "@truechimer/database";
import { MONITORS, SERVERS } from "./seeded-database.ts";

/** Those that the results are of. */
export async function plantFleet({ pool }: Database): Promise<void> {
  await pool.query(
    `insert into servers (id, name, ip, ip_version) overriding system value
     select n, 'ntp' || n || '.example.net', ('10.1.' || n / 250 || '.' || 1 + n % 250)::inet, 'v4' from generate_series(1, $1::int) n
     on conflict do nothing`,
    [SERVERS],
  );
  await pool.query(
    `insert into monitors (id, id_token, hostname, ip, ip_version, status) overriding system value
     select n, 'bench' || n, 'monitor' || n, ('10.2.0.' || n)::inet, 'v4', 'active' from generate_series(1, $1::int) n
     on conflict do nothing`,
    [MONITORS],
  );
  await pool.query("analyze servers, monitors");
}
