import { createDatabase, type Database } from "@truechimer/database";
import { useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";

const database = await useDatabase();

test("a test file has a migrated database of its own", async () => {
  const migrations = await database.kysely
    .selectFrom("schema_migrations")
    .select(["version", "applied_by"])
    .execute();
  expect(migrations[0]?.version).toBe("0001_create_foundation");
  await database.kysely.insertInto("accounts").values({ id_token: "one" }).execute();
});

test("what another database holds is not seen", async () => {
  await withTemplateDatabase(async (other) => {
    const tokens = await other.kysely.selectFrom("accounts").select("id_token").execute();
    expect(tokens.map(({ id_token }) => id_token)).not.toContain("one");
  });
});

test("an empty database has no tables", async () => {
  const count = await withTemplateDatabase(
    async ({ pool }) =>
      (await pool.query("select 1 from pg_tables where schemaname = 'public'")).rowCount,
    { migrated: false },
  );
  expect(count).toBe(0);
});

test("a connection that is not given back fails the test", async () => {
  const forgetting = withTemplateDatabase(async ({ pool }) => {
    const client = await pool.connect();
    // Dropping the database ends its session.
    client.on("error", () => undefined);
  });
  await expect(forgetting).rejects.toThrow("1 connections of the test's pool were not given back");
});

test("a program that stays connected fails the test, by its name", async () => {
  let stranger: Database | undefined;
  const failure = await withTemplateDatabase(async ({ url }) => {
    stranger = await createDatabase({ url, applicationName: "a stranger" });
  }).catch(String);
  await stranger?.[Symbol.asyncDispose]();
  expect(failure).toMatch(/still connected to the test's database: "a stranger"/);
});
