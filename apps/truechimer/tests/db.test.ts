// A database whose ledger does not fit this release: each command says so, with the remedy, and leaves it as it is.

import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { command, createDataHome, type DataHome } from "./_up-program.ts";

const database = await useDatabase();

// Each command takes a second; the limit is for a host that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let home: DataHome;
beforeAll(async () => {
  home = await createDataHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const COMMANDS = [{ args: ["db", "migrate"] }, { args: ["db", "status"] }, { args: ["server"] }];

async function failureOf(args: readonly string[]): Promise<unknown> {
  const { code, err } = await command(home, args, {
    env: { DATABASE_URL: database.url, TRUECHIMER_PORT: "0" },
  });
  const last = err.trim().split("\n").at(-1) ?? "";
  return { exitCode: code, ...(JSON.parse(last) as object) };
}

describe("a migration that was edited after it was applied", () => {
  let released = "";
  beforeAll(async () => {
    const { rows } = await database.pool.query<{ checksum: string }>(
      "select checksum from schema_migrations where version = '0001_create_foundation'",
    );
    released = rows[0]?.checksum ?? "";
    await setChecksum("0".repeat(64));
  });
  afterAll(() => setChecksum(released));

  async function setChecksum(checksum: string): Promise<void> {
    await database.pool.query(
      "update schema_migrations set checksum = $1 where version = '0001_create_foundation'",
      [checksum],
    );
  }

  test.each(COMMANDS)("$args", async ({ args }) => {
    expect(await failureOf(args)).toMatchObject({
      exitCode: 1,
      error: {
        code: "migration_changed",
        message: expect.stringMatching(/0001_create_foundation was edited.*: restore the file/),
        document: "docs/reference/errors.md#migration_changed",
      },
    });
  });
});

describe("a migration of a newer release", () => {
  beforeAll(async () => {
    await database.pool.query(
      `insert into schema_migrations (version, checksum, execution_ms, applied_by)
       values ('9999_of_the_future', 'none', 1, 'truechimer 99')`,
    );
  });

  test.each(COMMANDS)("$args", async ({ args }) => {
    expect(await failureOf(args)).toMatchObject({
      exitCode: 1,
      error: {
        code: "migration_newer_than_code",
        message: expect.stringMatching(/9999_of_the_future.*: run the newer release/),
        document: "docs/reference/errors.md#migration_newer_than_code",
      },
    });
  });
});
