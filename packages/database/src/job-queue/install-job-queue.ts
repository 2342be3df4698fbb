// The schema of the job queue, made and brought up to date by the queue's own migrations.

import { AppError } from "@truechimer/base";
import { Logger, runMigrations } from "graphile-worker";
import type { Database } from "../create-database.ts";
import { sqlStateOf } from "../postgres-error.ts";

/** Beside `public`, where our own tables are. */
export const JOB_QUEUE_SCHEMA = "graphile_worker";

const INSUFFICIENT_PRIVILEGE = "42501";

/** Only called while somebody holds the migration lock: several at once would get in each other's way. */
export async function installJobQueue(database: Pick<Database, "openPool">): Promise<void> {
  const pgPool = database.openPool({ applicationName: "truechimer job queue", poolSize: 1 });
  try {
    await runMigrations({
      pgPool,
      schema: JOB_QUEUE_SCHEMA,
      logger: new Logger(() => () => undefined),
    });
  } catch (error) {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new AppError(
      "migration_failed",
      `the role of this program may not make the schema ${JOB_QUEUE_SCHEMA} for its job queue: let it own the database, or "grant create on database" to it`,
      { cause: error },
    );
  } finally {
    await pgPool.end();
  }
}
