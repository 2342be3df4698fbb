// Large answers do not stay in memory when they have been sent. In a process with the options that the product is started with.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const database = await useDatabase();
await sql`
  with server as (
    insert into servers (name, ip, ip_version) values ('ntp.example.net', '10.1.0.1', 'v4') returning id
  ), monitor as (
    insert into monitors (id_token, hostname, ip, ip_version, status)
    values ('m1', 'monitor', '10.2.0.1', 'v4', 'active') returning id
  )
  insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum)
  select now() - make_interval(secs => n), server.id, monitor.id, 1, 20, n, 1000000 + n, 20000000 + n, 2
  from generate_series(1, 6000) n, server, monitor`.execute(database.kysely);

const SHIPPED = [
  "--conditions=source",
  "--no-allocation-site-pretenuring",
  "--max-semi-space-size=64",
];
/** All answers are some 17 MB. */
const GROWN_BYTES_MAX = 6_000_000;

test("large answers that have been sent do not outlive the young generation", async () => {
  const script = fileURLToPath(new URL("_ask-pages.ts", import.meta.url));
  const options = [...SHIPPED, "--expose-gc", "--disable-warning=ExperimentalWarning"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...options,
    script,
    database.url,
  ]);
  const { bytes, grown } = JSON.parse(stdout) as { bytes: number; grown: number };
  expect(bytes).toBeGreaterThan(2.5 * GROWN_BYTES_MAX);
  expect(grown).toBeLessThan(GROWN_BYTES_MAX);
});
