// Reviews with everything that belongs to them on a PostgreSQL on the same cores: claimed, read, planned, written. 150
// monitors and 300 servers, all assignments measured as after a day; each review of the first kind finds something to
// change, of the second nothing.

import { systemClock } from "@truechimer/base";
import { type Database } from "@truechimer/database";
import { POOL_POLICY, reviewDueServers } from "@truechimer/server";
import { sql } from "kysely";
import type { ScenarioOptions } from "../scenario.ts";
import { openThrowAwayDatabase } from "../throw-away-database.ts";

const MONITORS = 150;
const SERVERS = 300;
const ROUNDS = 10;
const SETTLE_ROUNDS = 12;

export async function measureDatabase({
  quick,
  log,
}: ScenarioOptions): Promise<Record<string, number>> {
  await using opening = new AsyncDisposableStack();
  const { database } = opening.use(await openThrowAwayDatabase());
  await fill(database);
  const context = { database, policy: POOL_POLICY, clock: systemClock };
  const moving = await rate(context, 1);
  for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
    await measured(database);
    await rate(context, 1);
  }
  const rounds = quick ? 2 : ROUNDS;
  const still: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await measured(database);
    still.push(await rate(context, 1));
  }
  const two: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await measured(database);
    two.push(await rate(context, 2));
  }
  log("selection: database done");
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  return {
    "new servers, all with changes": moving,
    "at rest, one reviewer": middle(still),
    "at rest, two reviewers at once": middle(two),
  };
}

interface Context {
  readonly database: Database;
  readonly policy: typeof POOL_POLICY;
  readonly clock: typeof systemClock;
}

/** Servers a second, all of them due. */
async function rate(context: Context, reviewers: number): Promise<number> {
  await sql`update servers_monitor_review set next_review = now()`.execute(context.database.kysely);
  const began = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: reviewers }, () => reviewDueServers(context)),
  );
  const seconds = (performance.now() - began) / 1_000;
  const servers = outcomes.reduce((sum, outcome) => sum + outcome.servers, 0);
  if (servers !== SERVERS) throw new Error(`${servers} servers were reviewed, not ${SERVERS}`);
  return servers / seconds;
}

async function fill({ kysely }: Database): Promise<void> {
  await sql`insert into accounts (id_token) select 'a' || n from generate_series(1, 60) n`.execute(
    kysely,
  );
  await sql`insert into agents (id_token, name, tls_name, country, network)
    select 'g' || n, 'g' || n, 'g' || n, chr(65 + n % 12) || 'X', 'net' || n % 40 from generate_series(1, ${MONITORS}::int) n`.execute(
    kysely,
  );
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status, online, last_seen, account_id, agent_id)
    select 'm' || n, 'm' || n, ('10.' || n / 16 || '.' || (n % 16) * 16 || '.1')::inet, 'v4', 'active', true, now(), 1 + n % 60,
      (select id from agents where id_token = 'g' || n)
    from generate_series(1, ${MONITORS}::int) n`.execute(kysely);
  await sql`insert into servers (name, ip, ip_version)
    select 's' || n, ('203.0.' || 112 + n / 250 || '.' || 1 + n % 250)::inet, 'v4' from generate_series(1, ${SERVERS}::int) n`.execute(
    kysely,
  );
  await sql`insert into server_scores (server_id, monitor_id, status) select s.id, m.id, 'candidate' from servers s, monitors m`.execute(
    kysely,
  );
  await sql`insert into servers_monitor_review (server_id) select id from servers`.execute(kysely);
  await measured({ kysely });
  await sql`vacuum analyze`.execute(kysely);
}

/** As after another day of checks. */
async function measured({ kysely }: Pick<Database, "kysely">): Promise<void> {
  await sql`update server_scores set score_ts = now(), score_raw = 20, results_counted = 200, quality_weight = 20, quality_step = 1,
    quality_answers = 20, quality_delay_ms = 5 + (server_id * 31 + monitor_id * 17) % 250, quality_residual_ms = 1,
    status_since = now() - interval '3 days', demoted_at = null`.execute(kysely);
}
