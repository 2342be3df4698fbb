import { createServer } from "node:net";
import { AppError } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createDatabase,
  inTransaction,
  isUniqueViolation,
  nsFromTimestamptz,
  pingDatabase,
  type Timestamptz,
  timestamptzFromNs,
} from "../src/index.ts";

const database = await useDatabase();

const one = async (expression: string): Promise<unknown> =>
  (await database.pool.query<{ value: unknown }>(`select ${expression} as value`)).rows[0]?.value;

describe("values", () => {
  test.each([
    { name: "int8 beyond 2^53", expression: "9007199254740993::int8", value: 9007199254740993n },
    { name: "int8 at its end", expression: "(-9223372036854775808)::int8", value: -(2n ** 63n) },
    { name: "a count", expression: "count(*)", value: 1n },
    { name: "an array of int8", expression: "array[1, null, 3]::int8[]", value: [1n, null, 3n] },
    { name: "int4", expression: "7::int4", value: 7 },
    { name: "a date", expression: "date '2026-03-01'", value: "2026-03-01" },
    { name: "an address", expression: "inet '2001:DB8::0001'", value: "2001:db8::1" },
    {
      name: "an instant to the microsecond",
      expression: "timestamptz '2026-03-01 12:00:00.123456+02'",
      value: "2026-03-01T10:00:00.123456Z",
    },
    {
      name: "an array of instants",
      expression: "array[timestamptz '2026-03-01 12:00Z', null]",
      value: ["2026-03-01T12:00:00.000000Z", null],
    },
  ])("$name", async ({ expression, value }) => {
    expect(await one(expression)).toEqual(value);
  });

  test("an instant that was read finds its own row again", async () => {
    const now = (await one("timestamptz '2026-03-01 12:00:00.000001Z'")) as Timestamptz;
    const result = await sql<{ same: boolean }>`select ${now}::timestamptz <= ${now}::timestamptz
      and ${now}::timestamptz = timestamptz '2026-03-01 12:00:00.000001Z' as same`.execute(
      database.kysely,
    );
    expect(result.rows).toEqual([{ same: true }]);
    expect(timestamptzFromNs(nsFromTimestamptz(now))).toBe(now);
  });

  test("a day in SQL is a day in UTC, whatever the host's time zone", async () => {
    expect(await one("current_setting('TimeZone')")).toBe("UTC");
  });

  test("pages anywhere cost little more than those in order, unless the operator has said what they cost", async () => {
    expect(await one("current_setting('random_page_cost')")).toBe("1.1");
    await database.pool.query(
      `do $$ begin execute format('alter database %I set random_page_cost = 2.5', current_database()); end $$`,
    );
    await using set = await createDatabase({ url: database.url, applicationName: "test: costs" });
    const { rows } = await set.pool.query<{ value: string }>(
      "select current_setting('random_page_cost') as value",
    );
    expect(rows).toEqual([{ value: "2.5" }]);
  });

  test("bytes, JSON and arrays of bigint go in and come out", async () => {
    const bytes = Uint8Array.of(0, 255, 39, 92);
    const { rows } = await sql<{ bytes: Uint8Array; json: unknown; ids: bigint[] }>`
      select ${bytes}::bytea as bytes, ${JSON.stringify([1, { a: null }])}::jsonb as json,
             ${[1n, 2n ** 62n]}::int8[] as ids`.execute(database.kysely);
    expect(Uint8Array.from(rows[0]?.bytes ?? [])).toEqual(bytes);
    expect(rows[0]?.json).toEqual([1, { a: null }]);
    expect(rows[0]?.ids).toEqual([1n, 2n ** 62n]);
  });
});

describe("a database that cannot be used", () => {
  test.each([
    {
      name: "nothing listens",
      change: async (url: URL) => {
        url.port = String(await closedPort());
      },
      code: "database_unreachable",
      message:
        /^database 127\.0\.0\.1:\d+\/test_\S+: nothing listens there \(ECONNREFUSED\): start PostgreSQL there, or correct DATABASE_URL$/,
    },
    {
      name: "a name that does not resolve",
      change: async (url: URL) => {
        url.hostname = "nowhere.invalid";
      },
      code: "database_unreachable",
      message:
        /^database nowhere\.invalid:\d+\/test_\S+: its host name does not resolve.*: .*DATABASE_URL$/,
    },
    {
      name: "a wrong password",
      change: async (url: URL) => {
        url.password = "wrong";
      },
      code: "database_unreachable",
      message: /refused the password: check user and password in DATABASE_URL$/,
    },
    {
      name: "a database that does not exist",
      change: async (url: URL) => {
        url.pathname = "/missing";
      },
      code: "database_unreachable",
      message: /^database 127\.0\.0\.1:\d+\/missing: the database does not exist/,
    },
  ])("$name", async ({ change, code, message }) => {
    const url = new URL(database.url);
    await change(url);
    const error = await failure(createDatabase({ url: url.href, applicationName: "test" }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(error.message).not.toContain(new URL(database.url).password);
  });

  test.each(["", "mysql://a@b/c", "localhost:5432"])("the address %j is none", async (url) => {
    const error = await failure(createDatabase({ url, applicationName: "test" }));
    expect(error).toMatchObject({ code: "config_bad_value" });
  });

  // The role sees a setting of its own making before PostgreSQL's, so that a new server passes for an old one.
  test("a PostgreSQL before 15", async () => {
    const { pool } = database;
    await pool.query(`
      create schema fake;
      create function fake.current_setting(text) returns text language sql
        as $$ select case $1 when 'server_version_num' then '140012' else '14.12' end $$;
      create role old_server login password 'old';
      grant usage on schema fake to old_server;
      alter role old_server set search_path = fake, pg_catalog`);
    onTestFinished(async () => {
      await pool.query("drop schema fake cascade; drop role old_server");
    });
    const url = new URL(database.url);
    url.username = "old_server";
    url.password = "old";
    const error = await failure(createDatabase({ url: url.href, applicationName: "test" }));
    expect(error).toMatchObject({
      code: "database_too_old",
      message: expect.stringMatching(/is PostgreSQL 14\.12: 15 or newer is needed/) as string,
    });
  });

  test("a connection that breaks is told of, and replaced", async () => {
    const lost: unknown[] = [];
    await using other = await createDatabase({
      url: database.url,
      applicationName: "to be broken",
      onConnectionLost: (error) => lost.push(error),
    });
    await database.pool.query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'to be broken'",
    );
    await expect.poll(() => lost).toMatchObject([{ code: "database_unreachable" }]);
    await pingDatabase(other);
  });

  test("a statement has a time limit", async () => {
    await using hasty = await createDatabase({
      url: database.url,
      applicationName: "hasty",
      statementTimeoutMs: 20,
    });
    const error = await failure(sql`select pg_sleep(10)`.execute(hasty.kysely));
    expect(error).toMatchObject({ code: "database_busy" });
  });
});

describe("transactions", () => {
  test("one that meets another is run again", async () => {
    const { kysely, pool } = database;
    await kysely
      .insertInto("system_settings")
      .values([
        { key: "a", value: "0" },
        { key: "b", value: "0" },
      ])
      .execute();
    let firstMet: () => void = () => undefined;
    let attempts = 0;
    const met = [
      new Promise<void>((resolve) => {
        firstMet = resolve;
      }),
    ];
    const bump = async (keys: readonly string[], isFirst: boolean): Promise<void> =>
      await inTransaction(database, async (transaction) => {
        attempts += 1;
        for (const [index, key] of keys.entries()) {
          await transaction
            .updateTable("system_settings")
            .set({ value: sql<string>`to_jsonb(value::int + 1)` })
            .where("key", "=", key)
            .execute();
          if (index === 0 && isFirst) await met[0];
          if (index === 0 && !isFirst) firstMet();
        }
      });
    await Promise.all([bump(["a", "b"], true), bump(["b", "a"], false)]);
    // The one that is run again may meet the other a second time.
    expect(attempts).toBeGreaterThanOrEqual(3);
    const { rows } = await pool.query("select key, value from system_settings order by key");
    expect(rows).toEqual([
      { key: "a", value: 2 },
      { key: "b", value: 2 },
    ]);
  });

  test("a broken constraint passes unchanged, and can be told by its name", async () => {
    const { kysely } = database;
    const add = async (): Promise<unknown> =>
      await kysely
        .insertInto("ticket_keys")
        .values({ version: 1, key: new Uint8Array(16) })
        .execute();
    await add();
    const error = await add().catch((thrown: unknown) => thrown);
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, "ticket_keys_pkey")).toBe(true);
    expect(isUniqueViolation(error, "another")).toBe(false);
  });
});

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
