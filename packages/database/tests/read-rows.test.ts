// What is read is short-lived: pages of rows that nobody has any more go with the young generation, and do not wait for a
// collection of the whole heap. In a process with the options that the product is started with.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";

const database = await useDatabase();
const SHIPPED = [
  "--conditions=source",
  "--no-allocation-site-pretenuring",
  "--max-semi-space-size=64",
];
/** All pages are some 60 MB. Through the promise that the driver makes they left 9 to 16 MB behind. */
const GROWN_BYTES_MAX = 4_000_000;

test("pages of rows that are done with do not outlive the young generation", async () => {
  const script = fileURLToPath(new URL("_read-pages.ts", import.meta.url));
  const options = [...SHIPPED, "--expose-gc", "--disable-warning=ExperimentalWarning"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...options,
    script,
    database.url,
  ]);
  expect(Number(stdout)).toBeLessThan(GROWN_BYTES_MAX);
});
