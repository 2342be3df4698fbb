// The reference of the API names every procedure there is, and none that there is not.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The first column of each table of procedures. */
function documented(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^\| `([A-Z]\w+)` \|/gm)].map(([, name]) => name ?? "");
}

test("docs/reference/api.md tells of each procedure of admin.proto, once", async () => {
  const proto = await readFile(join(ROOT, "proto/truechimer/admin/v1/admin.proto"), "utf8");
  const declared = [...proto.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name]) => name ?? "");
  const markdown = await readFile(join(ROOT, "docs/reference/api.md"), "utf8");
  expect(declared.length).toBe(adminV1.AdminService.methods.length);
  expect(documented(markdown).toSorted()).toEqual(declared.toSorted());
});
