import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readRepository } from "./repository.ts";
import { findAll } from "./rules.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test("the repository keeps the house rules", async () => {
  expect(await findAll(await readRepository(root))).toEqual([]);
});
