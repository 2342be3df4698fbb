// Data of an older major version of PostgreSQL, real ones, come to the one of this release without loss.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createDatabase,
  createEmbeddedPostgres,
  maintainPartitions,
  migrate,
} from "../src/index.ts";
import { failure, makeDirectory, query, start, useDirectory } from "./_embedded.ts";
import { makeOlderCluster, OLDER_MAJOR } from "./_older-postgres.ts";

// Two clusters are made, on a host that is busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FACTS = `
  select (select string_agg(name || ' ' || host(ip), ', ' order by id) from servers) as servers,
         (select count(*)::int from log_scores) as results,
         (select sum(score) from log_scores) as scores,
         (select count(*)::int from log_scores_20260309) as of_a_day,
         (select count(*)::int from admin_sessions) as sessions,
         (select nextval('servers_id_seq')::int) as next`;

/** Made once, because copying costs a tenth of making. */
let master = "";
beforeAll(async () => {
  if (OLDER_MAJOR === undefined) return;
  master = makeDirectory();
  await fill(master);
});
afterAll(() => rmSync(master, { recursive: true, force: true }));

function useOlderDatabase(): string {
  const directory = useDirectory();
  execFileSync("cp", ["-a", `${master}/.`, directory]);
  return directory;
}

async function fill(directory: string): Promise<void> {
  await makeOlderCluster(directory, async (database) => {
    await migrate(database, { appliedBy: "test" });
    const nowNs = BigInt(Date.parse("2026-03-10T12:00:00Z")) * 1_000_000n;
    await maintainPartitions(database, { nowNs });
    await database.pool.query(`
      insert into servers (name, ip, ip_version) values ('été', '192.0.2.1', 'v4'), ('two', '2001:db8::1', 'v6');
      insert into log_scores (ts, server_id, monitor_id, step, score)
        select '2026-03-09 12:00Z'::timestamptz + n * interval '1 min', 1, 1, 1, n / 3.0 from generate_series(1, 2000) n;
      insert into admin_sessions (token_hash, expires_at) values (decode(repeat('0a', 32), 'hex'), now() + interval '1 day')`);
  });
}

const EXPECTED = {
  servers: "été 192.0.2.1, two 2001:db8::1",
  results: 2000,
  scores: expect.closeTo(667_000, 0) as number,
  of_a_day: 719,
  sessions: 1,
  next: 3,
};

describe.skipIf(OLDER_MAJOR === undefined)("data of an older major version", () => {
  test("are moved at the start, sessions too, and the old ones are kept", async () => {
    const directory = useOlderDatabase();
    // What a start that was killed in the middle has left.
    mkdirSync(join(directory, "data.upgrading"));
    writeFileSync(join(directory, "data.upgrading", "half"), "");
    const said: string[] = [];
    {
      await using postgres = await createEmbeddedPostgres({
        preferredDir: directory,
        say: (text) => said.push(text),
      });
      expect(await query(postgres.url, FACTS)).toEqual([EXPECTED]);
      const [version] = await query(
        postgres.url,
        "select current_setting('server_version_num')::int / 10000 as major",
      );
      expect(version).toEqual({ major: 18 });
      await using database = await createDatabase({ url: postgres.url, applicationName: "test" });
      expect(await migrate(database, { appliedBy: "test" })).toEqual([]);
    }
    const kept = join(directory, `data-${OLDER_MAJOR}`);
    expect(said.join("\n")).toMatch(
      /moving the database .* from PostgreSQL \d+ .*\nmoved: [\d,]+ rows in /,
    );
    expect(said.at(-1)).toContain(`kept in ${kept}`);
    expect(readFileSync(join(kept, "PG_VERSION"), "utf8")).toBe(`${OLDER_MAJOR}\n`);
    expect(readdirSync(directory)).not.toContain("data.upgrading");
    // And that was that.
    await using again = await start(directory);
    expect(again.url).toContain(":olderpassword@");
  });

  test("a kill between the renames loses neither", async () => {
    const directory = useOlderDatabase();
    await (await start(directory))[Symbol.asyncDispose]();
    const [data, upgraded, kept] = ["data", "data.upgraded", `data-${OLDER_MAJOR}`].map((name) =>
      join(directory, name),
    );
    renameSync(data ?? "", upgraded ?? "");
    await (await start(directory))[Symbol.asyncDispose]();
    expect(existsSync(upgraded ?? "")).toBe(false);
    // And before the first of them.
    renameSync(data ?? "", upgraded ?? "");
    renameSync(kept ?? "", data ?? "");
    await using postgres = await start(directory);
    expect(await query(postgres.url, FACTS)).toMatchObject([{ results: 2000 }]);
    expect(existsSync(kept ?? "")).toBe(true);
  });

  test("whose password is lost are given a new one", async () => {
    const directory = useOlderDatabase();
    rmSync(join(directory, "credentials.json"));
    await using postgres = await start(directory);
    expect(await query(postgres.url, FACTS)).toEqual([EXPECTED]);
  });

  test("stay as they are when the copy fails", async () => {
    const directory = useOlderDatabase();
    writeFileSync(join(directory, "credentials.json"), '{"password":"wrong","port":0}');
    const error = await failure(start(directory));
    expect(error.code).toBe("database_unreachable");
    expect(existsSync(join(directory, `data-${OLDER_MAJOR}`))).toBe(false);
    expect(readFileSync(join(directory, "data", "PG_VERSION"), "utf8")).toBe(`${OLDER_MAJOR}\n`);
  });
});
