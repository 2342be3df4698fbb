// One pool of connections to one PostgreSQL, with Kysely on top. Every session runs in UTC, so that a day in SQL is the
// same day on every host; every statement has a time limit; every failure of the world comes out as a coded error.

import { AppError } from "@truechimer/base";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { codedPool } from "./coded-pool.ts";
import { describeDatabaseUrl } from "./database-url.ts";
import { driverTypes } from "./driver-types.ts";
import { createPipeline, type Pipeline } from "./pipelined-transaction.ts";
import { appErrorFromPostgres } from "./postgres-error.ts";
import type { Schema } from "./schema.ts";

/** PostgreSQL 15 is Debian 12's, and the oldest that the migrations are tested on. */
export const POSTGRES_MAJOR_MIN = 15;

const POOL_SIZE_DEFAULT = 10;
/** Two of each kind of what agents ask for (who calls, work, results): more only wait for the same disk. */
const PIPELINED_MAX = 6;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS_DEFAULT = 30_000;
/** A lock that is held this long is held by a stuck session; waiting on would only queue more behind it. */
const LOCK_TIMEOUT_MS = 10_000;
/** A transaction that was left open keeps dead rows from being cleaned up everywhere. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
/**
 * In pages that are read in their order. What agents ask for lies in memory, the rest on disks without heads. With PostgreSQL's
 * own 4, it reads and sorts all that a monitor owes a visit to find the first ten. Where somebody has set another, that holds.
 */
const RANDOM_PAGE_COST = "1.1";
const IDLE_CONNECTION_MS = 60_000;

/** Which database, as whom, and how much of it. */
export interface DatabaseOptions {
  /** postgres://user:password@host:port/name, or with ?host=/directory for a socket. */
  readonly url: string;
  /** Shown in pg_stat_activity, and to whoever waits for our locks. Cut to 63 bytes by PostgreSQL. */
  readonly applicationName: string;
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  /** Time limit of one statement; default 30 s, 0 is none. */
  readonly statementTimeoutMs?: number;
  /** Told about connections that broke while idle. The pool replaces them by itself. */
  readonly onConnectionLost?: (error: unknown) => void;
}

/** Of a pool beside the main one. */
export interface PoolOptions {
  readonly applicationName: string;
  readonly poolSize: number;
}

/** A pool of connections to a PostgreSQL that is new enough. Disposing waits for what is under way. */
export interface Database extends AsyncDisposable {
  readonly kysely: Kysely<Schema>;
  /**
   * For what agents ask for by the thousand: a few connections beside the others, opened when they are first wanted. Their
   * prepared statements are planned once, whatever the values.
   */
  readonly pipeline: Pipeline;
  /** For what Kysely has no words for: LISTEN, pinned sessions. Its errors are the driver's own. */
  readonly pool: pg.Pool;
  /**
   * A further pool to the same database with the driver's own parsers, for a library that counts on them. Whoever opens
   * it ends it.
   */
  readonly openPool: (options: PoolOptions) => pg.Pool;
  /** "host:port/name", without user and password. */
  readonly where: string;
  /** As PostgreSQL prints it: "18.4", "15.20 (Debian 15.20-0+deb12u1)". */
  readonly serverVersion: string;
}

/** Connects and looks at the version. Fails with database_unreachable or database_too_old. */
export async function createDatabase(options: DatabaseOptions): Promise<Database> {
  const where = describeDatabaseUrl(options.url);
  const openPool = (changed: Partial<PoolSettings>, driver: pg.PoolConfig = {}): pg.Pool => {
    const opened = createPool({ ...options, ...changed }, driver);
    // A session that ends while it is in use fails its statement, and tells the same once more as an event, which nobody
    // would catch.
    opened.on("connect", (client) => client.on("error", () => undefined));
    opened.on("error", (error) => options.onConnectionLost?.(appErrorFromPostgres(error, where)));
    return opened;
  };
  const pool = openPool({}, { types: driverTypes });
  try {
    const serverVersion = await checkedServerVersion(pool, where);
    const kysely = new Kysely<Schema>({
      dialect: new PostgresDialect({ pool: codedPool(pool, where) }),
    });
    const pipelinedPool = openPool(
      { poolSize: PIPELINED_MAX, planMode: "force_generic_plan" },
      { types: driverTypes, pipeline: true },
    );
    const pipeline = createPipeline(codedPool(pipelinedPool, where));
    return {
      kysely,
      pipeline,
      pool,
      openPool: (poolOptions) => openPool(poolOptions),
      where,
      serverVersion,
      [Symbol.asyncDispose]: async () => {
        await Promise.all([kysely.destroy(), pipeline[Symbol.asyncDispose]()]);
        if (!pool.ended && !pool.ending) await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw appErrorFromPostgres(error, where);
  }
}

interface PoolSettings extends PoolOptions {
  /**
   * PostgreSQL weighs the cost of a statement's rows, not the time that planning takes: of one that takes half a
   * millisecond it may plan each call anew, for a millisecond.
   */
  readonly planMode?: "auto" | "force_generic_plan";
}

function createPool(
  options: DatabaseOptions & Partial<PoolSettings>,
  driver: pg.PoolConfig,
): pg.Pool {
  return new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize ?? POOL_SIZE_DEFAULT,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    ...driver,
    // By statement and not as start-up parameters, which a connection pooler in between refuses.
    // The pool waits for the promise, whatever its declaration says.
    // oxlint-disable-next-line typescript/no-misused-promises
    onConnect: (client) =>
      client
        .query(
          `select set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false),
                  set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
                  set_config('idle_in_transaction_session_timeout', $3, false),
                  set_config('random_page_cost', case current_setting('random_page_cost') when '4' then $4
                    else current_setting('random_page_cost') end, false),
                  set_config('plan_cache_mode', $5, false)`,
          [
            String(options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS_DEFAULT),
            String(LOCK_TIMEOUT_MS),
            String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
            RANDOM_PAGE_COST,
            options.planMode ?? "auto",
          ],
        )
        .then(() => undefined),
  });
}

async function checkedServerVersion(pool: pg.Pool, where: string): Promise<string> {
  const { rows } = await pool.query<{ version: string; number: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  );
  const [row] = rows;
  if (row === undefined)
    throw new AppError("database_unreachable", `database ${where} answered nothing`);
  assertVersion(row, where);
  return row.version;
}

function assertVersion(server: { version: string; number: number }, where: string): void {
  const major = Math.floor(server.number / 10_000);
  if (major >= POSTGRES_MAJOR_MIN) return;
  throw new AppError(
    "database_too_old",
    `database ${where} is PostgreSQL ${server.version}: ${POSTGRES_MAJOR_MIN} or newer is needed; upgrade it, or unset DATABASE_URL to use the built-in one`,
  );
}

/** Resolves when the database answers, else fails with a coded error. For health checks. */
export async function pingDatabase(database: Pick<Database, "kysely">): Promise<void> {
  await database.kysely.executeQuery(CompiledQuery.raw("select 1"));
}
