// What nobody can use any more goes away, and what anybody can stays.

import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { cleanUp } from "../src/loops/clean-up.ts";
import { LOCAL_POLICY } from "../src/policy.ts";

const database = await useDatabase();
const { kysely } = database;
const DAY_MS = 86_400_000;

test("events go with the results that they tell of", async () => {
  await sql`
    insert into events (at, kind, text)
    select now() - make_interval(hours => n), 'server_added', n::text from generate_series(1, 100) n`.execute(
    kysely,
  );
  await cleanUp({ database, policy: { ...LOCAL_POLICY, retentionMs: 2 * DAY_MS } });
  const left = await kysely.selectFrom("events").select("text").orderBy("id").execute();
  expect(left.map(({ text }) => Number(text))).toEqual(Array.from({ length: 47 }, (_, n) => n + 1));
});

test("the newest events of a day are read from the index, however many there are", async () => {
  await sql`
    insert into events (at, kind, text)
    select now() - make_interval(secs => n), 'server_added', 'x' from generate_series(1, 50000) n`.execute(
    kysely,
  );
  await sql`analyze events`.execute(kysely);
  const plan = await sql<{ readonly "QUERY PLAN": string }>`
    explain select id from events where at >= now() - interval '1 day' order by at desc, id desc limit 50`.execute(
    kysely,
  );
  const text = plan.rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(text).toMatch(/Index (Only )?Scan Backward using events_at/);
  expect(text).not.toContain("Sort");
});
