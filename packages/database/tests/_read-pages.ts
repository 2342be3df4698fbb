// `node _read-pages.ts URL`: reads pages of rows that nobody keeps, and prints by how many bytes what outlives the young
// generation has grown.

import { getHeapSpaceStatistics } from "node:v8";
import { sql } from "kysely";
import { createDatabase } from "../src/index.ts";

/** A page is about one megabyte on the heap. */
const PAGES = 60;
const COLLECT_AFTER_PAGES = 2;

const [url = ""] = process.argv.slice(2);
const collect = globalThis.gc;
if (collect === undefined) throw new Error("needs --expose-gc");
const database = await createDatabase({ url, applicationName: "read pages" });
collect();
const before = oldBytes();
for (let page = 0; page < PAGES; page += 1) {
  const { rows } = await sql`
    select n, n * 2 as twice, now() as at, 'row ' || n as text from generate_series(1::bigint, 2000::bigint) n`.execute(
    database.kysely,
  );
  if (rows.length !== 2_000) throw new Error("the rows are not all there");
  if (page % COLLECT_AFTER_PAGES === 0) collect({ type: "minor" });
}
process.stdout.write(String(oldBytes() - before));
await database[Symbol.asyncDispose]();

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find((space) => space.space_name === "old_space")?.space_used_size ?? Number.NaN;
}
