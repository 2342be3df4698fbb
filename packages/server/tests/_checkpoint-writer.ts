// Loads the history and writes one checkpoint of it after the other, until it is killed. Says so before each.

import { systemClock } from "@truechimer/base";
import { createDatabase, currentResultsPosition } from "@truechimer/database";
import { silentLogger } from "@truechimer/telemetry";
import { sql } from "kysely";
import {
  type CheckpointSource,
  writeCheckpoint,
} from "../src/history/checkpoint/write-checkpoint.ts";
import { HISTORY_SETTINGS } from "../src/history/history-settings.ts";
import { createHotHistory } from "../src/history/hot-history.ts";

const [, , url = "", file = ""] = process.argv;
const database = await createDatabase({ url, applicationName: "checkpoint writer" });
// Whatever is loaded after this is more than the position promises.
const position = await currentResultsPosition(database.kysely);
const { rows } = await sql<CheckpointSource["database"]>`
  select (select oid::text from pg_database where datname = current_database()) as database,
    (select max(version)::text from schema_migrations) as schema`.execute(database.kysely);
const history = createHotHistory({
  database,
  clock: systemClock,
  logger: silentLogger,
  settings: { ...HISTORY_SETTINGS, retentionMs: 14 * 86_400_000 },
});
history.start();
while (history.progress().phase !== "complete")
  await new Promise((resolve) => setImmediate(resolve));
for (const origin of rows) {
  for (;;) {
    process.stdout.write("writing\n");
    await writeCheckpoint(file, { store: history.store, position, database: origin });
  }
}
