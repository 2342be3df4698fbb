// What is exported beside checks: overall scores, changes of verdicts and entries of the audit trail, as many a second as there
// are checks, from the oldest check on.

import type { Database } from "@truechimer/database";
import { DAYS, MONITORS, SERVERS } from "../history/seeded-database.ts";

export interface Planted {
  readonly rows: number;
  /** Of all checks, which take DAYS. */
  readonly total: number;
}

const SECONDS = DAYS * 86_400;
const SCORER = MONITORS + 1;

/** Beside the oldest checks. They are in the table of checks: whoever plants them takes them away. */
export async function plantScores({ pool }: Database, { rows }: Planted): Promise<void> {
  await pool.query(
    `insert into monitors (id, id_token, hostname, ip, ip_version, status, type) overriding system value
     values ($1, 'benchscorer', 'every', null, null, 'active', 'score') on conflict do nothing`,
    [SCORER],
  );
  await pool.query(
    `insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, no_response, samples_sent,
       samples_answered, has_evidence, attributes)
     select ts, server_id, $1, 20, 1, score, 'every/1', false, 0, 0, false, jsonb_build_object('from_ls_id', id)
     from (select id, ts, server_id, score from log_scores where monitor_id <= $2 order by ts, id limit $3::int) oldest`,
    [SCORER, MONITORS, rows],
  );
  await pool.query("analyze log_scores");
}

export async function takeScores({ pool }: Database): Promise<void> {
  await pool.query("delete from log_scores where monitor_id = $1", [SCORER]);
  await pool.query("vacuum (analyze) log_scores");
}

/** Those that are there from before are replaced. */
export async function plantVerdicts({ pool }: Database, { rows, total }: Planted): Promise<void> {
  await pool.query("truncate events");
  await pool.query(
    `insert into events (at, kind, server_id, verdict_before, verdict_after, reason, text, verdict_rules)
     select (select min(ts) from log_scores) + make_interval(secs => n * $2::float8), 'verdict_changed', 1 + (n * 7919) % ${SERVERS},
       'true', 'false', 'offset', 'the time of ntp' || 1 + (n * 7919) % ${SERVERS} || '.example.net is off by 12.5 ms', 'ntp_pool_step/1'
     from generate_series(0::bigint, $1::bigint - 1) n`,
    [rows, SECONDS / total],
  );
  await pool.query("analyze events");
}

/** Likewise. Their hashes are of nothing: who exports them does not verify them. */
export async function plantAudit({ pool }: Database, { rows, total }: Planted): Promise<void> {
  await pool.query(
    "alter table audit_entries disable trigger user; truncate audit_entries; alter table audit_entries enable trigger user",
  );
  await pool.query(
    `insert into audit_entries (sequence, at, actor_kind, actor_id, actor_name, act, object, before, after, previous_hash, hash)
     select n + 1, (select min(ts) from log_scores) + make_interval(secs => n * $2::float8), 'key', '7', 'deployment', 'servers_changed',
       'server ' || 1 + n % ${SERVERS}, jsonb_build_object('interval_ms', 64000, 'name', 'ntp' || n, 'paused', false)::text,
       jsonb_build_object('interval_ms', 128000, 'name', 'ntp' || n, 'paused', true)::text, sha256((n - 1)::text::bytea), sha256(n::text::bytea)
     from generate_series(0::bigint, $1::bigint - 1) n`,
    [rows, SECONDS / total],
  );
  await pool.query("analyze audit_entries");
}
