// A migrated PostgreSQL of a scenario's own, gone when it ends.

import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDatabase,
  createEmbeddedPostgres,
  type Database,
  type EmbeddedPostgres,
  migrate,
} from "@truechimer/database";

export interface ThrowAwayDatabase extends AsyncDisposable {
  readonly postgres: EmbeddedPostgres;
  readonly database: Database;
}

/** @param statementTimeoutMs default: the product's; 0: none. */
export async function openThrowAwayDatabase(
  statementTimeoutMs?: number,
): Promise<ThrowAwayDatabase> {
  await using opening = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "truechimer-bench-"));
  opening.defer(() => rm(directory, { recursive: true, force: true }));
  // PostgreSQL may run under another account.
  await chmod(directory, 0o711);
  const postgres = opening.use(
    await createEmbeddedPostgres({
      preferredDir: join(directory, "postgres"),
      say: () => undefined,
    }),
  );
  const database = opening.use(
    await createDatabase({
      url: postgres.url,
      applicationName: "truechimer bench",
      ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
    }),
  );
  await migrate(database, { appliedBy: "bench" });
  const opened = opening.move();
  return {
    postgres,
    database,
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}
