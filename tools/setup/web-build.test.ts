import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashSources, sourceFolders } from "./web-build.mjs";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "truechimer web "));
  write("package-lock.json", "{}");
  write("apps/web/package.json", `{"dependencies":{"@truechimer/api":"1","react":"1"}}`);
  write("packages/api/package.json", `{"dependencies":{"@truechimer/base":"1"}}`);
  write("packages/base/package.json", "{}");
  write("apps/web/src/main.tsx", "1");
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("the sources are the app's own and those of the packages behind it", async () => {
  expect(await sourceFolders(root, "apps/web")).toEqual([
    "apps/web",
    "packages/api",
    "packages/base",
  ]);
});

test.each([
  { path: "apps/web/src/main.tsx", changes: true },
  { path: "apps/web/index.html", changes: true },
  { path: "packages/base/src/clock.ts", changes: true },
  { path: "package-lock.json", changes: true },
  { path: "apps/web/src/main.test.tsx", changes: false },
  { path: "apps/web/tests/page.test.ts", changes: false },
  { path: "apps/web/dist/index.html", changes: false },
  { path: "packages/server/src/server.ts", changes: false },
])("a change in $path asks for a build: $changes", async ({ path, changes }) => {
  const folders = await sourceFolders(root, "apps/web");
  const before = await hashSources(root, folders);
  write(path, "2");
  expect((await hashSources(root, folders)) !== before).toBe(changes);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
