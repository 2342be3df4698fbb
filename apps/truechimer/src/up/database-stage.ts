// The database of `up`: the one that DATABASE_URL names, else a PostgreSQL of our own in the data directory; brought to
// the schema of this release.

import { join } from "node:path";
import {
  createDatabase,
  createEmbeddedPostgres,
  type Database,
  describeHolders,
  migrate,
} from "@truechimer/database";
import { APPLIED_BY } from "../applied-by.ts";
import type { Progress } from "../output/progress.ts";

export interface DatabaseStageOptions {
  /** Absent: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly poolSize: number;
  readonly progress: Progress;
  readonly onConnectionLost: (error: unknown) => void;
  /** The embedded PostgreSQL ended without being asked to. */
  readonly onDatabaseEnded: () => void;
}

/** What is opened is put on `stack`, so that it is closed in the reverse order. */
export async function openDatabase(
  stack: AsyncDisposableStack,
  options: DatabaseStageOptions,
): Promise<Database> {
  const { progress, poolSize, onConnectionLost } = options;
  const url = options.databaseUrl ?? (await startOwnPostgres(stack, options));
  const database = stack.use(
    await createDatabase({ url, applicationName: "truechimer up", poolSize, onConnectionLost }),
  );
  const applied = await migrate(database, {
    appliedBy: APPLIED_BY,
    onWait: (holders) =>
      progress.say("database", `waiting for the migration lock: ${describeHolders(holders)}`),
  });
  const own = options.databaseUrl === undefined ? "embedded" : `at ${database.where}`;
  const schema = applied.length === 0 ? "" : `, migrations applied: ${appliedText(applied)}`;
  progress.say("database", `PostgreSQL ${database.serverVersion}, ${own}${schema}`, {
    version: database.serverVersion,
    where: database.where,
    migrations_applied: applied,
  });
  return database;
}

/** A first start applies all that there are: nobody reads forty names. */
const NAMES_MAX = 3;

export function appliedText(names: readonly string[]): string {
  if (names.length <= NAMES_MAX) return names.join(", ");
  return `${names.length}, from ${names[0]} to ${names.at(-1)}`;
}

async function startOwnPostgres(
  stack: AsyncDisposableStack,
  { dataDir, progress, onDatabaseEnded }: DatabaseStageOptions,
): Promise<string> {
  const postgres = stack.use(
    await createEmbeddedPostgres({
      preferredDir: join(dataDir, "postgres"),
      say: (text) => progress.say("database", text),
    }),
  );
  let stopping = false;
  stack.defer(() => {
    stopping = true;
  });
  void postgres.ended.then(() => {
    if (!stopping) onDatabaseEnded();
  });
  return postgres.url;
}
