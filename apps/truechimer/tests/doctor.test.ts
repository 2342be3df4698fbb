// `truechimer doctor` on installations that are not well: a directory that is open, a database without processes, one that
// does not answer. What it says of one that is well is a test of backups, which has one.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { command, createDataHome, type DataHome } from "./_up-program.ts";

vi.setConfig({ testTimeout: 60_000 });

const database = await useDatabase();
let home: DataHome;

beforeAll(async () => {
  home = await createDataHome();
  await mkdir(home.path);
  await writeFile(join(home.path, "master.key"), "secret");
  await chmod(join(home.path, "master.key"), 0o644);
});
afterAll(() => home[Symbol.asyncDispose]());

const NOWHERE = "postgres://nobody:pw@127.0.0.1:1/none";

test("a database that no process serves, and secrets in the open", async () => {
  await database.pool.query(`
    insert into scorer_set_aside (server_id, failures, retry_at, last_error)
      select id, 3, now(), 'internal' from servers;
    insert into system_settings (key, value) values ('last_backup', '{"madeAt": "2020-01-01T00:00:00Z"}')`);
  const { code, json } = await command(home, ["doctor", "--json"], {
    env: { DATABASE_URL: database.url, TRUECHIMER_PORT: "1" },
  });
  expect(code).toBe(1);
  const found = new Map(json().map((one) => [one["check"], one]));
  expect(found.get("node")).toMatchObject({ health: "ok", found: process.versions.node });
  expect(found.get("secrets")).toMatchObject({
    health: "problem",
    found: `others may read ${join(home.path, "master.key")} (0644)`,
    expected: "mode 0600",
    remedy: `chmod 600 '${join(home.path, "master.key")}'`,
  });
  expect(found.get("disk")).toMatchObject({
    found: expect.stringMatching(/ free \(\d+ %\) where /),
  });
  expect(found.get("answers")).toMatchObject({ health: "warning" });
  expect(found.get("schema")).toMatchObject({ health: "ok" });
  expect(found.get("processes")).toMatchObject({ health: "problem" });
  // The tests' cluster does without waiting for the disk.
  expect(found.get("settings")).toMatchObject({
    health: "problem",
    found: expect.stringMatching(/^off: .*fsync/),
  });
  expect(found.get("backup")).toMatchObject({
    found: expect.stringMatching(/^the last was made \d{4} d ago/),
  });
  expect(found.get("clock")).toMatchObject({ health: "warning" });
  expect(found.has("time stamps")).toBe(true);
});

test("a database that does not answer is said in words, with exit code 3", async () => {
  await chmod(join(home.path, "master.key"), 0o600);
  const { code, out } = await command(home, ["doctor"], {
    env: { DATABASE_URL: NOWHERE, TRUECHIMER_PORT: "1" },
    terminal: true,
  });
  expect(code).toBe(3);
  expect(out).toMatch(/no answer database .*127\.0\.0\.1:1\/none/);
  expect(out).toMatch(/→ see that it runs and that its address is the right one/);
  expect(out).toMatch(/1 problem, \d warnings?; what to do stands behind each arrow\./);
});

test("one that is not of this release", async () => {
  await database.pool.query(
    "insert into schema_migrations (version, checksum, execution_ms, applied_by) values ('9999_later', 'x', 1, 'test')",
  );
  const { code, json } = await command(home, ["doctor", "--json"], {
    env: { DATABASE_URL: database.url, TRUECHIMER_PORT: "1" },
  });
  expect(code).toBe(1);
  expect(json().find((one) => one["check"] === "schema")).toMatchObject({
    health: "problem",
    found: expect.stringContaining("9999_later"),
  });
});

test("nothing runs: that is said, and nothing is started", async () => {
  const { code, json } = await command(home, ["doctor", "--json"], {
    env: { TRUECHIMER_PORT: "1" },
  });
  expect(code).toBe(0);
  expect(json().find((one) => one["check"] === "database")).toMatchObject({
    health: "warning",
    found: expect.stringContaining("not looked at"),
  });
});
