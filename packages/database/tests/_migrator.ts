// A process of its own that migrates when it is told to: `node _migrator.ts URL DIRECTORY locked|unlocked`, with "-" for
// the product's own files. Prints
// "ready" when it is connected, begins at the first line on its standard input, and prints what it applied as JSON.

import { once } from "node:events";
import { systemClock } from "@truechimer/base";
import { createDatabase, migrate } from "../src/index.ts";
import { applyPending } from "../src/migrations/migrate.ts";
import { readMigrationFiles } from "../src/migrations/migration-file.ts";

const [url = "", directory = "", mode = ""] = process.argv.slice(2);
const database = await createDatabase({
  url,
  applicationName: `migrator ${process.pid}`,
  poolSize: 1,
});

process.stdout.write("ready\n");
await once(process.stdin, "data");
try {
  const applied =
    mode === "locked"
      ? await migrate(database, {
          appliedBy: `migrator ${process.pid}`,
          ...(directory === "-" ? {} : { directory }),
        })
      : await withoutLock();
  process.stdout.write(`${JSON.stringify({ applied })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: String(error) })}\n`);
  process.exitCode = 1;
} finally {
  await database[Symbol.asyncDispose]();
  process.stdin.destroy();
}

/** The same work, and nothing that keeps the others out. */
async function withoutLock(): Promise<readonly string[]> {
  const client = await database.pool.connect();
  try {
    return await applyPending(client, readMigrationFiles(directory), {
      clock: systemClock,
      appliedBy: `migrator ${process.pid}`,
      onApplied: () => undefined,
    });
  } finally {
    client.release();
  }
}
