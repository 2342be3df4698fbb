// Turns are made, changed and dropped with the assignments that they are of, whoever writes these.

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { migrate } from "../src/index.ts";
import { MIGRATIONS_DIRECTORY } from "../src/migrations/migration-file.ts";

const { pool } = await useDatabase();

/** Three servers, two monitors, a scorer: all assigned to all. */
const PEOPLE = `
  insert into monitors (id_token, type, hostname, ip, ip_version, status) values
    ('a', 'monitor', 'a', '10.0.0.1', 'v4', 'active'), ('b', 'monitor', 'b', '10.0.0.2', 'v4', 'active'),
    ('s', 'score', 's', null, null, 'active');
  insert into servers (name, ip, ip_version) select 's' || i, ('10.1.0.' || i)::inet, 'v4' from generate_series(1, 3) i;
  insert into server_scores (server_id, monitor_id, status, score_raw)
  select s.id, m.id, case s.id when 1 then 'active' when 2 then 'testing' else 'candidate' end, 0
  from servers s cross join monitors m;`;

beforeEach(async () => {
  await pool.query("truncate servers, monitors, server_scores restart identity cascade");
  await pool.query(PEOPLE);
});

async function turns(where = "true"): Promise<unknown[]> {
  const { rows } = await pool.query<{ turn: string }>(
    `select monitor_id || ' ' || server_id || ' ' || pace || (case when watched then '' else ' unwatched' end) as turn
     from check_turns where ${where} order by monitor_id, server_id`,
  );
  return rows.map(({ turn }) => turn);
}

describe("a turn", () => {
  test("is made for each assignment of a monitor, never visited, in the pace of its status", async () => {
    expect(await turns("queue_ts = '-infinity'")).toEqual([
      "1 1 1",
      "1 2 2",
      "1 3 3",
      "2 1 1",
      "2 2 2",
      "2 3 3",
    ]);
  });

  test.each([
    { name: "candidate", change: "status = 'candidate'", pace: 3 },
    { name: "testing", change: "status = 'testing'", pace: 2 },
    { name: "hopeless", change: "score_raw = -90", pace: 3 },
    { name: "just not hopeless", change: "score_raw = -89.9", pace: 1 },
    {
      name: "hopeless and testing",
      change: "score_raw = -95, status = 'testing', leap = 1",
      pace: 3,
    },
  ])("changes its pace with its assignment: $name", async ({ change, pace }) => {
    await pool.query(
      `update server_scores set ${change} where server_id = 1 and monitor_id in (1, 3)`,
    );
    expect(await turns("server_id = 1")).toEqual([`1 1 ${pace}`, "2 1 1"]);
  });

  test("goes with its assignment, and all with all", async () => {
    await pool.query("delete from server_scores where server_id = 1 or monitor_id = 2");
    expect(await turns()).toEqual(["1 2 2", "1 3 3"]);
    await pool.query("truncate server_scores");
    expect(await turns()).toEqual([]);
  });

  test("is out of sight while its server is not watched", async () => {
    await pool.query("update servers set state = 'paused' where id <> 3");
    await pool.query("update servers set state = 'removed', removed_on = now() where id = 1");
    expect(await turns("not watched")).toEqual([
      "1 1 1 unwatched",
      "1 2 2 unwatched",
      "2 1 1 unwatched",
      "2 2 2 unwatched",
    ]);
    await pool.query("update servers set state = 'watched', removed_on = null");
    expect(await turns("not watched")).toEqual([]);
  });
});

test("the migration takes over what was handed out when, by every kind of assignment", async () => {
  const before = directoryBefore("0019_create_check_turns");
  await withTemplateDatabase(
    async (database) => {
      await migrate(database, { appliedBy: "test", directory: before });
      await database.pool.query(PEOPLE);
      await database.pool.query(
        `update server_scores set queue_ts = '2026-03-01T00:00:00Z'::timestamptz + server_id * interval '1 hour'
         where monitor_id in (1, 3)`,
      );
      await database.pool.query("update server_scores set score_raw = -91 where server_id = 1");
      await database.pool.query("update servers set state = 'paused' where id = 2");
      await migrate(database, { appliedBy: "test" });
      const { rows } = await database.pool.query<{ turn: string }>(
        `select concat_ws(' ', monitor_id, server_id, pace, watched, queue_ts) as turn from check_turns
         order by monitor_id, server_id`,
      );
      expect(rows.map(({ turn }) => turn)).toEqual([
        "1 1 3 t 2026-03-01 01:00:00+00",
        "1 2 2 f 2026-03-01 02:00:00+00",
        "1 3 3 t 2026-03-01 03:00:00+00",
        "2 1 3 t -infinity",
        "2 2 2 f -infinity",
        "2 3 3 t -infinity",
      ]);
    },
    { migrated: false },
  );
});

/** The migrations that come before one. */
function directoryBefore(version: string): string {
  const directory = mkdtempSync(join(tmpdir(), "migrations-before-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of readdirSync(MIGRATIONS_DIRECTORY)) {
    if (name < version) cpSync(join(MIGRATIONS_DIRECTORY, name), join(directory, name));
  }
  return directory;
}
