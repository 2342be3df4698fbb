// A process that does nothing but send to an archive of Parquet files, in small pages, again and again until its standard
// input ends: `node _archive-runner.ts DATABASE DIRECTORY`.

import { systemClock } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { ARCHIVE_LIMITS, runArchive } from "../src/archive/run-archive.ts";
import { parquetArchiveIn } from "./_parquet-archive.ts";

const [url = "", directory = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "test archive runner", poolSize: 4 });
const archive = parquetArchiveIn(directory);
const { signal } = new AbortController();
const limits = { ...ARCHIVE_LIMITS, resultsAPage: 2_000 };
const over = new AbortController();
process.stdin.resume().once("end", () => over.abort());
while (!over.signal.aborted) {
  // What failed is in the row of the archive, where the test looks.
  await runArchive({ database, clock: systemClock }, archive, signal, limits).catch(
    () => undefined,
  );
}
await archive[Symbol.asyncDispose]();
await database[Symbol.asyncDispose]();
