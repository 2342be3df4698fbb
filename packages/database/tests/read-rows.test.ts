// What is read is short-lived: pages of rows that nobody has any more go with the young generation, and do not wait for a
// collection of the whole heap.

import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";

const database = await useDatabase();

/** A page is about one megabyte on the heap. */
const PAGES = 60;
const GROWN_BYTES_MAX = 12_000_000;
const COLLECT_AFTER_PAGES = 2;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void;

test("pages of rows that are done with do not outlive the young generation", async () => {
  collect();
  const before = oldBytes();
  for (let page = 0; page < PAGES; page += 1) {
    const { rows } = await sql<{ readonly n: bigint }>`
      select n, n * 2 as twice, now() as at, 'row ' || n as text from generate_series(1::bigint, 2000::bigint) n`.execute(
      database.kysely,
    );
    expect(rows).toHaveLength(2_000);
    if (page % COLLECT_AFTER_PAGES === 0) collect({ type: "minor" });
  }
  expect(oldBytes() - before).toBeLessThan(GROWN_BYTES_MAX);
});

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find((space) => space.space_name === "old_space")?.space_used_size ?? Number.NaN;
}
