import { AppError } from "@truechimer/base";
import { type TestDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import {
  advisoryLockId,
  createDatabase,
  describeHolders,
  migrate,
  migrationStatus,
} from "../src/index.ts";
import { useChild } from "./_child.ts";
import { useMigrationDirectory, writeMigrations } from "./_migration-directory.ts";

const MIGRATOR = new URL("./_migrator.ts", import.meta.url);
const appliedBy = "test";
const withEmptyDatabase = async (
  work: (database: TestDatabase) => Promise<void>,
): Promise<void> => {
  await withTemplateDatabase(work, { migrated: false });
};

/** Each file writes down that it ran; the pause keeps the first one open while the others arrive. */
const RACE = {
  "0001_first.sql":
    "create table runs (file text); insert into runs values ('first'); select pg_sleep(0.2);",
  "0002_second.sql": "insert into runs values ('second');",
  "0003_third.sql": "insert into runs values ('third');",
};

const RACERS = 5;

async function race(url: string, directory: string, mode: "locked" | "unlocked") {
  const children = Array.from({ length: RACERS }, () => useChild(MIGRATOR, [url, directory, mode]));
  await Promise.all(children.map((child) => child.line((line) => line === "ready")));
  for (const child of children) child.process.stdin?.write("go\n");
  const codes = await Promise.all(children.map((child) => child.exited));
  return {
    codes,
    answers: children.map((child) => JSON.parse(child.lines.at(-1) ?? "") as unknown),
  };
}

describe("five processes at once on an empty database", () => {
  test("apply each file once, and all succeed", async () => {
    await withEmptyDatabase(async ({ url, pool }) => {
      const { codes, answers } = await race(url, useMigrationDirectory(RACE), "locked");
      expect(codes).toEqual([0, 0, 0, 0, 0]);
      const { rows } = await pool.query("select file from runs");
      expect(rows).toEqual([{ file: "first" }, { file: "second" }, { file: "third" }]);
      // One process did all of it, and the ledger names it.
      expect(answers.toSorted(byLength)).toEqual([
        ...Array.from({ length: RACERS - 1 }, () => ({ applied: [] })),
        { applied: ["0001_first", "0002_second", "0003_third"] },
      ]);
      const ledger = await pool.query("select distinct applied_by from schema_migrations");
      expect(ledger.rowCount).toBe(1);
    });
  });

  // Proves that the test above is one of the lock, and would fail without it.
  test("get in each other's way without the lock", async () => {
    await withEmptyDatabase(async ({ url }) => {
      const { codes, answers } = await race(url, useMigrationDirectory(RACE), "unlocked");
      expect(codes).toContain(1);
      expect(JSON.stringify(answers)).toMatch(/duplicate key|failed/);
    });
  });

  test("apply the real files once, and make the job queue", async () => {
    await withEmptyDatabase(async ({ url, pool }) => {
      const { codes } = await race(url, "-", "locked");
      expect(codes).toEqual([0, 0, 0, 0, 0]);
      const queue = await pool.query("select id from graphile_worker.migrations order by id");
      expect(queue.rows.length).toBeGreaterThan(10);
      const status = await migrationStatus({ pool, where: "" });
      expect(status.pending).toEqual([]);
      expect(status.applied.length).toBeGreaterThan(0);
    });
  });
});

const byLength = (one: unknown, other: unknown): number =>
  JSON.stringify(one).length - JSON.stringify(other).length;

describe("a migrator that is killed in the middle of a file", () => {
  test("leaves nothing of that file, and the next one applies it", async () => {
    await withEmptyDatabase(async ({ url, pool, where, openPool }) => {
      const directory = useMigrationDirectory({
        "0001_first.sql": "create table first (id int);",
        // Waits for a lock that the test holds, with half of its work done.
        "0002_second.sql":
          "create table second (id int); select pg_advisory_xact_lock(42); insert into second values (1);",
      });
      const gate = await pool.connect();
      await gate.query("select pg_advisory_lock(42)");
      const child = useChild(MIGRATOR, [url, directory, "locked"]);
      await child.line((line) => line === "ready");
      child.process.stdin?.write("go\n");
      await vi.waitFor(async () => {
        const { rowCount } = await pool.query(
          "select 1 from pg_locks where locktype = 'advisory' and not granted and objid = 42",
        );
        expect(rowCount).toBe(1);
      }, 10_000);
      child.process.kill("SIGKILL");
      await child.exited;
      await gate.query("select pg_advisory_unlock(42)");
      gate.release();

      // Its session ends when PostgreSQL notices; until then the next migrator waits for the lock.
      expect(await migrate({ pool, where, openPool }, { appliedBy, directory })).toEqual([
        "0002_second",
      ]);
      expect((await pool.query("select id from second")).rows).toEqual([{ id: 1 }]);
      expect(
        (await migrationStatus({ pool, where }, directory)).applied.map((row) => row.version),
      ).toEqual(["0001_first", "0002_second"]);
    });
  });
});

describe("one migrator after another", () => {
  test("the second run changes nothing", async () => {
    await withEmptyDatabase(async (database) => {
      const applied: string[] = [];
      const options = {
        appliedBy,
        onApplied: ({ version }: { version: string }) => void applied.push(version),
      };
      const first = await migrate(database, options);
      const ledger = await database.pool.query("select * from schema_migrations");
      expect(await migrate(database, options)).toEqual([]);
      expect(applied).toEqual(first);
      expect((await database.pool.query("select * from schema_migrations")).rows).toEqual(
        ledger.rows,
      );
    });
  });

  test("a later file is applied alone, and the ledger says by whom", async () => {
    await withEmptyDatabase(async (database) => {
      const directory = useMigrationDirectory({ "0001_first.sql": "create table first (id int);" });
      await migrate(database, { appliedBy, directory });
      writeMigrations(directory, { "0002_second.sql": "create table second (id int);" });
      expect((await migrationStatus(database, directory)).pending).toEqual(["0002_second"]);
      expect(await migrate(database, { appliedBy: "truechimer 9", directory })).toEqual([
        "0002_second",
      ]);
      const { applied } = await migrationStatus(database, directory);
      expect(applied[1]?.appliedBy).toMatch(/^truechimer 9 on /);
      expect(applied[1]?.executionMs).toBeGreaterThan(0);
    });
  });
});

describe("what is refused", () => {
  const cases = [
    {
      name: "a file that was edited after it was applied",
      change: { "0001_first.sql": "create table first (id bigint);" },
      without: [],
      code: "migration_changed",
      message:
        /migration 0001_first was edited after it was applied.*put what is new into a new file/,
    },
    {
      name: "an applied file that is gone",
      change: { "0001_renamed.sql": "create table first (id int);" },
      without: ["0001_first.sql"],
      code: "migration_changed",
      message: /migration 0001_first was applied to this database, but its file is gone/,
    },
    {
      name: "a ledger that is newer than the code",
      change: {},
      without: ["0002_second.sql"],
      code: "migration_newer_than_code",
      message:
        /the database has migration 0002_second, and this program knows none after 0001_first/,
    },
    {
      name: "a file with a wrong statement, by its line",
      change: { "0003_third.sql": "create table third (id int);\nselect nonsense;" },
      without: [],
      code: "migration_failed",
      message: /migration 0003_third failed at line 3 and changed nothing/,
    },
    {
      name: "a gap in the numbers",
      change: { "0004_fourth.sql": "select 1;" },
      without: [],
      code: "migration_failed",
      message: /migration 0004_fourth has number 4 where 3 comes next/,
    },
  ];
  test.each(cases)("$name", async ({ change, without, code, message }) => {
    await withEmptyDatabase(async (database) => {
      const files = {
        "0001_first.sql": "create table first (id int);",
        "0002_second.sql": "create table second (id int);",
      };
      await migrate(database, { appliedBy, directory: useMigrationDirectory(files) });
      const kept = Object.entries({ ...files, ...change }).filter(
        ([name]) => !without.some((gone) => gone === name),
      );
      const before = await tables(database);
      const error = await failure(
        migrate(database, {
          appliedBy,
          directory: useMigrationDirectory(Object.fromEntries(kept)),
        }),
      );
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect(await tables(database)).toEqual(before);
    });
  });

  test("a table schema_migrations of another program", async () => {
    await withEmptyDatabase(async (database) => {
      await database.pool.query("create table schema_migrations (version bigint, dirty boolean)");
      const error = await failure(migrate(database, { appliedBy }));
      expect(error).toMatchObject({
        code: "migration_failed",
        message: expect.stringContaining("of another program") as string,
      });
    });
  });
});

describe("waiting for the lock", () => {
  test("says who holds it, and goes on when it is free", async () => {
    await withEmptyDatabase(async (database) => {
      await using holder = await createDatabase({
        url: database.url,
        applicationName: "truechimer on host-2",
      });
      const client = await holder.pool.connect();
      await client.query("select pg_advisory_lock($1)", [advisoryLockId("migrations")]);
      const waits: string[] = [];
      const migrating = migrate(database, {
        appliedBy,
        reportIntervalMs: 20,
        onWait: (holders) => {
          waits.push(describeHolders(holders));
          if (waits.length === 2) void client.query("select pg_advisory_unlock_all()");
        },
      });
      expect(await migrating).not.toEqual([]);
      expect(waits[0]).toMatch(
        /^truechimer on host-2 \(process \d+ of \w+@127\.0\.0\.1, connected .*Z\)$/,
      );
      client.release();
    });
  });

  test("ends with database_busy at its limit, naming the holder", async () => {
    await withEmptyDatabase(async (database) => {
      await using holder = await createDatabase({
        url: database.url,
        applicationName: "stuck one",
      });
      const client = await holder.pool.connect();
      await client.query("select pg_advisory_lock($1)", [advisoryLockId("migrations")]);
      const error = await failure(
        migrate(database, { appliedBy, reportIntervalMs: 10, waitLimitMs: 30 }),
      );
      expect(error).toMatchObject({
        code: "database_busy",
        message: expect.stringMatching(/not free within 30 ms: held by stuck one/) as string,
      });
      client.release(true);
    });
  });
});

async function tables(database: TestDatabase): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = 'public' order by 1",
  );
  return rows.map(({ tablename }) => tablename);
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error;
  }
  throw new Error("it did not fail");
}
