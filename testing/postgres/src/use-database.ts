// Databases for tests: real, migrated, empty, and one's own.

import { setTimeout } from "node:timers/promises";
import { createDatabase, type Database } from "@truechimer/database";
import pg from "pg";
import { afterAll } from "vitest";
import { BROKER_VARIABLE } from "./broker-variable.ts";
import { TEMPLATE_NAME, TEST_DATABASE_PREFIX, withDatabase } from "./test-cluster.ts";

export interface TestDatabase extends Database {
  /** For programs under test that connect by themselves. */
  readonly url: string;
}

export interface TestDatabaseOptions {
  /** False: an empty database, without a single table. Default true. */
  readonly migrated?: boolean;
  /** Connections of the pool that the test is given; default 10. */
  readonly poolSize?: number;
}

/**
 * A database for this test file (or `describe`), dropped after its last test:
 *
 *     const database = await useDatabase();
 *
 * Fails the file when a connection of the pool was not given back, or when a program under test is still connected.
 */
export async function useDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const database = await createTestDatabase(options);
  afterAll(async () => await database.drop());
  return database;
}

/** A database for the length of `work`. */
export async function withTemplateDatabase<T>(
  work: (database: TestDatabase) => Promise<T>,
  options: TestDatabaseOptions = {},
): Promise<T> {
  const database = await createTestDatabase(options);
  let result: T;
  try {
    result = await work(database);
  } catch (error) {
    // The test has failed already; what it left is a consequence.
    await database.drop().catch(() => undefined);
    throw error;
  }
  await database.drop();
  return result;
}

interface DroppableDatabase extends TestDatabase {
  drop(): Promise<void>;
}

async function createTestDatabase(options: TestDatabaseOptions): Promise<DroppableDatabase> {
  const clusterUrl = await askBroker();
  const name = `${TEST_DATABASE_PREFIX}${process.pid}_${crypto.randomUUID().slice(0, 8)}`;
  const template = options.migrated === false ? "template0" : TEMPLATE_NAME;
  await administer(clusterUrl, (admin) =>
    admin.query(`create database ${name} template ${template} strategy file_copy`),
  );
  const url = withDatabase(clusterUrl, name);
  const database = await createDatabase({
    url,
    applicationName: "test",
    ...(options.poolSize === undefined ? {} : { poolSize: options.poolSize }),
  });
  return { ...database, url, drop: () => dropDatabase(clusterUrl, name, database) };
}

async function dropDatabase(clusterUrl: string, name: string, database: Database): Promise<void> {
  const kept = await keptConnections(database);
  // Ending a pool waits for what was not given back, for ever.
  if (kept === 0) await database[Symbol.asyncDispose]();
  await administer(clusterUrl, async (admin) => {
    const sessions = kept > 0 ? [] : await foreignSessions(admin, name);
    await admin.query(`drop database ${name} with (force)`);
    if (kept > 0) throw new Error(`${kept} connections of the test's pool were not given back`);
    if (sessions.length > 0) {
      throw new Error(`still connected to the test's database: ${sessions.join(", ")}`);
    }
  });
}

/**
 * How many were not given back. Who ends a stream, or stops a server, does not wait for the statement that was under way
 * for it: it has a moment to end.
 */
async function keptConnections({ pool }: Database): Promise<number> {
  const kept = (): number => (pool.ended ? 0 : pool.totalCount - pool.idleCount);
  const endMs = performance.now() + STATEMENT_GRACE_MS;
  while (kept() > 0 && performance.now() < endMs) await setTimeout(LOOK_EVERY_MS);
  return kept();
}

const STATEMENT_GRACE_MS = 5_000;
const LOOK_EVERY_MS = 10;

/** A session that has just been closed shows for a moment longer; PostgreSQL itself waits up to 5 s for it, we too. */
async function foreignSessions(admin: pg.Client, name: string): Promise<readonly string[]> {
  const endMs = performance.now() + SESSION_GRACE_MS;
  for (;;) {
    const { rows } = await admin.query<SessionRow>(
      `select application_name, pid, concat_ws(' ', state, wait_event) as state, left(query, 200) as query
       from pg_stat_activity where datname = $1`,
      [name],
    );
    if (rows.length === 0 || performance.now() > endMs) {
      return rows.map(
        ({ application_name: who, pid, state, query }) => `"${who}" (${pid}, ${state}: ${query})`,
      );
    }
    await setTimeout(LOOK_EVERY_MS);
  }
}

const SESSION_GRACE_MS = 5_000;

interface SessionRow {
  readonly application_name: string;
  readonly pid: number;
  readonly state: string;
  readonly query: string;
}

async function administer<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function askBroker(): Promise<string> {
  const address = process.env[BROKER_VARIABLE];
  if (address === undefined) {
    throw new Error("no test database: vitest.config.ts must name testing/postgres's globalSetup");
  }
  const response = await fetch(address);
  const text = await response.text();
  if (!response.ok) throw new Error(`the test run's PostgreSQL did not start: ${text}`);
  return text;
}
