import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readRepository } from "./repository.ts";
import { findAll } from "./rules.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** It reads every file, and asks the compilers of the interface: some seconds on a host that has nothing else to do. */
const LIMIT_MS = 180_000;

test("the repository keeps the house rules", { timeout: LIMIT_MS }, async () => {
  expect(await findAll(await readRepository(root))).toEqual([]);
});
