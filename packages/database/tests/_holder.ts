// A process that runs an embedded PostgreSQL: `node _holder.ts DIRECTORY`. Prints one line of JSON when it is up. At
// SIGTERM it writes a last row, stops the database and ends.

import { createDatabase, createEmbeddedPostgres } from "../src/index.ts";

const [directory = ""] = process.argv.slice(2);
try {
  const postgres = await createEmbeddedPostgres({ preferredDir: directory, say: () => undefined });
  const database = await createDatabase({ url: postgres.url, applicationName: "holder" });
  await database.pool.query("create table if not exists notes (text text)");
  process.once("SIGTERM", () => {
    void (async () => {
      await database.pool.query("insert into notes values ('last words')");
      await database[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    })();
  });
  process.stdout.write(`${JSON.stringify({ pid: postgres.pid, url: postgres.url })}\n`);
} catch (error) {
  const code = error instanceof Error && "code" in error ? error.code : "unknown";
  process.stdout.write(`${JSON.stringify({ code, message: String(error) })}\n`);
}
