// The one PostgreSQL of a test run, with a template database that every migration has been applied to. Nothing of it
// reaches the disk on purpose, and nothing is left of it after the run.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDatabase,
  createEmbeddedPostgres,
  type EmbeddedPostgres,
  lockDirectory,
  migrate,
} from "@truechimer/database";

export interface TestCluster extends AsyncDisposable {
  /** Of the maintenance database, for creating and dropping. */
  readonly url: string;
}

/** Made by copying this one, a database costs some 20 ms. */
export const TEMPLATE_NAME = "truechimer_template";
/** Every database of a test has a name that begins so. */
export const TEST_DATABASE_PREFIX = "test_";

const DIRECTORY_PREFIX = "truechimer-test-postgres-";

/** What a process that a test killed had asked for ends with it. PostgreSQL can tell on Linux alone. */
const NOTICING_KILLED_CLIENTS: Readonly<Record<string, string>> =
  process.platform === "linux" ? { client_connection_check_interval: "500ms" } : {};

export async function createTestCluster(): Promise<TestCluster> {
  await removeAbandoned();
  const directory = await mkdtemp(join(tmpdir(), DIRECTORY_PREFIX));
  const postgres = await createEmbeddedPostgres({
    preferredDir: directory,
    say: () => undefined,
    unsafelyWithoutSync: true,
    settings: {
      max_connections: "300",
      shared_buffers: "64MB",
      autovacuum: "off",
      log_min_messages: "warning",
      ...NOTICING_KILLED_CLIENTS,
    },
  });
  const url = withDatabase(postgres.url, "postgres");
  try {
    await createTemplate(url);
  } catch (error) {
    await endCluster(postgres, directory);
    throw error;
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const left = await testDatabases(url);
      await endCluster(postgres, directory);
      if (left.length > 0) throw new Error(`tests left databases behind: ${left.join(", ")}`);
    },
  };
}

/** `url` with another database in it. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function createTemplate(url: string): Promise<void> {
  await using admin = await createDatabase({ url, applicationName: "test cluster" });
  await admin.pool.query(`create database ${TEMPLATE_NAME}`);
  {
    await using template = await createDatabase({
      url: withDatabase(url, TEMPLATE_NAME),
      applicationName: "test cluster",
    });
    await migrate(template, { appliedBy: "test cluster" });
  }
  await admin.pool.query(
    `alter database ${TEMPLATE_NAME} is_template true allow_connections false`,
  );
}

async function testDatabases(url: string): Promise<readonly string[]> {
  await using admin = await createDatabase({ url, applicationName: "test cluster" });
  const { rows } = await admin.pool.query<{ datname: string }>(
    "select datname from pg_database where starts_with(datname, $1)",
    [TEST_DATABASE_PREFIX],
  );
  return rows.map(({ datname }) => datname);
}

async function endCluster(postgres: EmbeddedPostgres, directory: string): Promise<void> {
  await postgres[Symbol.asyncDispose]();
  await rm(postgres.dataDir, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

/** What killed runs left: their PostgreSQL has ended with them, their files have not. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names.filter((each) => each.startsWith(DIRECTORY_PREFIX))) {
    const directory = join(tmpdir(), name);
    try {
      const lock = await lockDirectory(directory);
      await rm(directory, { recursive: true, force: true });
      lock[Symbol.dispose]();
    } catch {
      // Another run's, or another user's.
    }
  }
}
