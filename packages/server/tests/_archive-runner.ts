// A process that does nothing but send to an archive of Parquet files, again and again until its standard input ends:
// `node _archive-runner.ts DATABASE PLACE ROWS [STALL]`. PLACE is a directory, or the settings of a store that speaks S3 as JSON;
// a page has ROWS results. It stands still in the middle of a file once that has more than STALL bytes.

import { systemClock } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { createDirectoryStore } from "../src/archive/parquet/directory-store.ts";
import type { ObjectStore } from "../src/archive/parquet/object-store.ts";
import { createS3Store, type S3Settings } from "../src/archive/parquet/s3-store.ts";
import { ARCHIVE_LIMITS, runArchive } from "../src/archive/run-archive.ts";
import { parquetArchiveIn } from "./_parquet-archive.ts";

const [url = "", place = "", rows = "", stall = "Infinity"] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "test archive runner", poolSize: 4 });
const store = place.startsWith("{")
  ? createS3Store(JSON.parse(place) as S3Settings)
  : createDirectoryStore(place);
const archive = parquetArchiveIn(stalling(store, Number(stall)));
const { signal } = new AbortController();
const limits = { ...ARCHIVE_LIMITS, resultsAPage: Number(rows) };
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

function stalling(inner: ObjectStore, bytesMax: number): ObjectStore {
  const stalled = async function* (
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void> {
    let sent = 0;
    for await (const piece of pieces) {
      if (sent > bytesMax) await new Promise(() => undefined);
      sent += piece.byteLength;
      yield piece;
    }
  };
  return { ...inner, write: (name, bytes, stop) => inner.write(name, stalled(bytes), stop) };
}
