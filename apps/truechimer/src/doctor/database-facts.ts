// What the doctor asks the database: of itself, and of what the processes of the control plane have written down in it.

import { assert } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { type ArchiveLag, archiveLags, LAST_BACKUP_SETTING, scorerLag } from "@truechimer/server";

/** Ages and spans are in seconds by the database's clock. */
export interface DatabaseFacts {
  readonly version: string;
  /** Of the settings that decide whether what is acknowledged is kept: those that are off. */
  readonly unsafeSettings: readonly string[];
  readonly isAutovacuumOn: boolean;
  readonly connectionsUsed: number;
  readonly connectionsMax: number;
  readonly bytes: bigint;
  /** Of the transaction that has been open the longest, ours not counted. */
  readonly oldestTransactionSeconds: number;
  readonly replicas: readonly ReplicaFact[];
  readonly loops: readonly LoopFact[];
  readonly scorerLagSeconds: number;
  readonly resultsWaiting: number;
  readonly serversSetAside: number;
  /** Those that are in use. */
  readonly archives: readonly ArchiveFact[];
  /** Days from tomorrow on that rows already have a partition for. */
  readonly daysAhead: number;
  /** Undefined: there is no authority. */
  readonly authorityDaysLeft: number | undefined;
  /** The dashboard's certificate, where it is ordered by ACME: the one that was tried or issued last. */
  readonly acme: AcmeFact | undefined;
  readonly agents: number;
  readonly agentsWithoutCertificate: readonly string[];
  /** Undefined: none was ever made. */
  readonly backupDaysAgo: number | undefined;
}

export type ArchiveFact = Pick<ArchiveLag, "target" | "seconds" | "lastError" | "lostBefore">;

export interface AcmeFact {
  readonly names: readonly string[];
  /** Undefined: none was issued yet. */
  readonly daysLeft: number | undefined;
  /** Since when it should have been renewed; 0 or less: it need not yet. */
  readonly overdueSeconds: number;
  readonly lastError: string;
  readonly nextAttemptSeconds: number;
}

export interface ReplicaFact {
  readonly host: string;
  readonly version: string;
  readonly roles: readonly string[];
  readonly silentSeconds: number;
}

export interface LoopFact {
  readonly name: string;
  readonly overdueSeconds: number;
  readonly failures: number;
  readonly outcome: string;
}

export async function readDatabaseFacts(
  database: Pick<Database, "kysely" | "pool" | "serverVersion">,
): Promise<DatabaseFacts> {
  const { kysely, pool, serverVersion } = database;
  const rowsOf = async <T>(text: string, values: unknown[] = []): Promise<readonly T[]> =>
    (await pool.query(text, values)).rows as readonly T[];
  const [server] = await rowsOf<ServerRow>(SERVER);
  const [kept] = await rowsOf<KeptRow>(KEPT, [LAST_BACKUP_SETTING]);
  assert(server !== undefined && kept !== undefined, "a select without a table gives a row");
  const lag = await scorerLag(kysely);
  const archives = await archiveLags(kysely);
  const replicas = await rowsOf<ReplicaFact>(REPLICAS);
  const loops = await rowsOf<LoopFact>(LOOPS);
  const [acme] = await rowsOf<Omit<AcmeFact, "daysLeft"> & { readonly daysLeft: number | null }>(
    ACME,
  );
  const without = await rowsOf<{ readonly name: string }>(AGENTS_WITHOUT_CERTIFICATE);
  return {
    ...server,
    ...kept,
    version: serverVersion,
    authorityDaysLeft: kept.authorityDaysLeft ?? undefined,
    backupDaysAgo: kept.backupDaysAgo ?? undefined,
    replicas,
    loops,
    scorerLagSeconds: lag.seconds,
    resultsWaiting: Number(lag.results),
    archives,
    acme: acme && { ...acme, daysLeft: acme.daysLeft ?? undefined },
    agentsWithoutCertificate: without.map(({ name }) => name),
  };
}

type ServerRow = Pick<
  DatabaseFacts,
  | "unsafeSettings"
  | "isAutovacuumOn"
  | "connectionsUsed"
  | "connectionsMax"
  | "bytes"
  | "oldestTransactionSeconds"
>;

const SERVER = `
  select
    array(select name from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name) as "unsafeSettings",
    current_setting('autovacuum')::bool as "isAutovacuumOn",
    (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as "connectionsUsed",
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "connectionsMax",
    pg_database_size(current_database()) as bytes,
    coalesce((select max(extract(epoch from now() - xact_start)) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()), 0)::float8 as "oldestTransactionSeconds"`;

interface KeptRow extends Pick<DatabaseFacts, "serversSetAside" | "daysAhead" | "agents"> {
  readonly authorityDaysLeft: number | null;
  readonly backupDaysAgo: number | null;
}

const KEPT = `
  select
    (select count(*)::int from scorer_set_aside) as "serversSetAside",
    (select count(*)::int from pg_inherits i join pg_class p on p.oid = i.inhrelid
      where i.inhparent = 'log_scores'::regclass
        and p.relname > 'log_scores_' || to_char(now() at time zone 'UTC', 'YYYYMMDD')
        and p.relname ~ '_[0-9]{8}$') as "daysAhead",
    (select extract(epoch from min(not_after) - now()) / 86400 from certificate_authorities
      where retired_at is null)::float8 as "authorityDaysLeft",
    (select count(*)::int from agents where removed_at is null) as agents,
    (select extract(epoch from now() - (value ->> 'madeAt')::timestamptz) / 86400 from system_settings
      where key = $1)::float8 as "backupDaysAgo"`;

const REPLICAS = `
  select host, version, roles, extract(epoch from now() - seen_at)::float8 as "silentSeconds"
  from replicas order by started_at`;

/** Rows of what is configured no more stay, and nobody looks after them: then there is nothing to say. */
const ACME = `
  select names, extract(epoch from not_after - now())::float8 / 86400 as "daysLeft",
    coalesce(extract(epoch from now() - renew_at), 0)::float8 as "overdueSeconds", last_error as "lastError",
    extract(epoch from next_attempt_at - now())::float8 as "nextAttemptSeconds"
  from acme_certificates
  where exists (select from loop_runs where name = 'acme' and last_run_at > now() - interval '1 hour')
  order by greatest(issued_at, failed_at, next_attempt_at) desc nulls last limit 1`;

/** Of an archive and of ACME there is more to say than of their loops, which nobody runs any more once they are switched off. */
const LOOPS = `
  select name, extract(epoch from greatest(interval '0', now() - next_run_at))::float8 as "overdueSeconds", failures, outcome
  from loop_runs where name not in ('acme', 'archive') order by name`;

const AGENTS_WITHOUT_CERTIFICATE = `
  select a.name from agents a
  where a.removed_at is null and a.key_used_at is not null and not exists (
    select from certificates c
    where c.tls_name = lower(a.tls_name) and c.issued_at is not null and c.revoked_at is null and c.not_after > now())
  order by 1 limit 100`;
