// The reference of the API names every procedure there is, and none that there is not.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The first column of each table of procedures. */
function documented(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^\| `([A-Z]\w+)` \|/gm)].map(([, name]) => name ?? "");
}

test("docs/reference/api.md tells of each procedure of people and programs, once", async () => {
  const folder = join(ROOT, "proto/truechimer/admin/v1");
  const files = [
    "admin.proto",
    "people.proto",
    "sign_in.proto",
    "analytics.proto",
    "alerts.proto",
    "rules.proto",
  ].map((name) => readFile(join(folder, name), "utf8"));
  const proto = (await Promise.all(files)).join("\n");
  const declared = [...proto.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name]) => name ?? "");
  const markdown = await readFile(join(ROOT, "docs/reference/api.md"), "utf8");
  expect(declared.length).toBe(
    [
      adminV1.AdminService,
      peopleV1.PeopleService,
      signInV1.SignInService,
      analyticsV1.AnalyticsService,
      alertsV1.AlertService,
      rulesV1.RulesService,
    ].flatMap(({ methods }) => [...methods]).length,
  );
  expect(documented(markdown).toSorted()).toEqual(declared.toSorted());
});
