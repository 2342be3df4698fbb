// A copy of a database that is being written, and an empty database that is filled with it.

import { Readable } from "node:stream";
import { useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  createDatabase,
  type Database,
  type DatabaseDump,
  loadDump,
  maintainPartitions,
  migrate,
  withDump,
} from "../src/index.ts";
import { failure } from "./_embedded.ts";

const source = await useDatabase();
const appliedBy = "test";

/** Text with everything that COPY writes in its own way, a day of its own, a row of no day, and all kinds of keys. */
async function fillSource(): Promise<void> {
  await maintainPartitions(source, {
    nowNs: BigInt(Date.parse("2026-03-10T12:00:00Z")) * 1_000_000n,
  });
  await source.pool.query(`
    insert into servers (name, ip, ip_version) values (E'tab\\there, line\\nthere, back\\\\slash, \\\\N', '192.0.2.1', 'v4'), ('été 🕰', '2001:db8::1', 'v6');
    insert into monitors (id_token, ip, ip_version, hostname, config) values ('M1', '198.51.100.7', 'v4', '', '{"a": [1, null]}');
    insert into server_scores (server_id, monitor_id, status, score_raw) values (1, 1, 'active', 0.1), (2, 1, 'testing', 1e-300);
    insert into log_scores (ts, server_id, monitor_id, step, score)
      select '2026-03-09 12:00:00.000001Z'::timestamptz + n * interval '1 min', 1, 1, 1, n / 3.0 from generate_series(1, 2000) n;
    insert into log_scores (ts, server_id, monitor_id, step, score) values ('2031-01-01Z', 1, 1, 1, 'NaN');
    insert into admin_sessions (token_hash, expires_at) values (decode(repeat('0a', 32), 'hex'), now() + interval '1 day');
    update audit_head set sequence = 1;
    insert into audit_entries (sequence, at, actor_kind, actor_id, actor_name, act, object, previous_hash, hash)
      values (1, now(), 'owner', '', '', 'x', '', decode(repeat('00', 32), 'hex'), decode(repeat('ff', 32), 'hex'));`);
}
await fillSource();

/** Table → what is in it, in one word; the job queue and its like left out. */
async function contents(database: Pick<Database, "pool">): Promise<Record<string, string>> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select relname::text as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: sums } = await database.pool.query<{ sum: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') as sum from ${name} t`,
    );
    found[name] = sums[0]?.sum ?? "";
  }
  return found;
}

/** Constraints, triggers (with their state), indexes and defaults of our schema. */
async function shape(database: Pick<Database, "pool">): Promise<readonly unknown[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(`
    select conrelid::regclass::text as of, conname::text as name, pg_get_constraintdef(oid) as what, convalidated::text as state
      from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid), tgenabled::text from pg_trigger where not tgisinternal
    union all
    select tablename::text, indexname::text, indexdef, '' from pg_indexes where schemaname = 'public'
    union all
    select 'sequence', sequencename::text, coalesce(last_value::text, 'unused'), '' from pg_sequences where schemaname = 'public'
    order by 1, 2, 3, 4`);
  return rows;
}

async function copyInto(target: Database): Promise<void> {
  await withDump(source, {}, (dump) => loadDump(target, dump, { appliedBy }));
}

test("an empty database that is filled is the same, but for what opens a door", async () => {
  await withTemplateDatabase(
    async (target) => {
      await copyInto(target);
      const [had, has] = [await contents(source), await contents(target)];
      expect(had["log_scores_20260309"]).toMatch(/^719 /);
      expect(had["log_scores_default"]).toMatch(/^1 /);
      expect(had["admin_sessions"]).toMatch(/^1 /);
      expect(has).toEqual({ ...had, admin_sessions: "0 " });
      expect(await shape(target)).toEqual(await shape(source));
      // And it goes on: the next id is a new one, and the triggers are awake.
      const added = await target.pool.query(
        "insert into log_scores (ts, server_id, monitor_id, step, score) values (now(), 1, 1, 1, 1) returning id",
      );
      expect(added.rows).toEqual([{ id: 2002n }]);
      await expect(target.pool.query("delete from audit_entries")).rejects.toThrow("append-only");
    },
    { migrated: false },
  );
});

test("a role that owns the database and may do nothing else can fill it", async () => {
  const name = `dump_owner_${process.pid}`;
  await withTemplateDatabase(
    async (target) => {
      const { rows } = await target.pool.query<{ name: string }>(
        "select current_database() as name",
      );
      await target.pool.query(`create role ${name} login password 'x'`);
      await target.pool.query(`alter database ${rows[0]?.name} owner to ${name}`);
      const url = new URL(target.url);
      url.username = name;
      url.password = "x";
      {
        await using asOwner = await createDatabase({ url: url.href, applicationName: "test" });
        await copyInto(asOwner);
        expect((await contents(asOwner))["servers"]).toMatch(/^2 /);
      }
    },
    { migrated: false },
  );
  const client = new pg.Client({ connectionString: source.url });
  await client.connect();
  await client.query(`drop role ${name}`);
  await client.end();
});

test("what is written while the copy is made is not in it", async () => {
  await withDump(source, {}, async (dump) => {
    const copied: Record<string, number> = {};
    for await (const { name, text } of dump.relations()) {
      if (name === "accounts") {
        await source.pool.query(
          "insert into servers (name, ip, ip_version) values ('late', '192.0.2.9', 'v4')",
        );
      }
      let lines = 0;
      for await (const chunk of text as AsyncIterable<Buffer>)
        lines += chunk.toString().split("\n").length - 1;
      copied[name] = lines;
    }
    expect(copied["servers"]).toBe(2);
    const sequences = await dump.sequences();
    expect(sequences.find((one) => one.name === "servers_id_seq")?.lastValue).toBe(3n);
  });
  await source.pool.query("delete from servers where name = 'late'");
  await source.pool.query("select setval('servers_id_seq', 2)");
});

test("a start does not wait for a copy, and partitions are left alone meanwhile", async () => {
  await withDump(source, {}, async () => {
    expect(await migrate(source, { appliedBy })).toEqual([]);
    expect(await maintainPartitions(source)).toMatchObject({ busy: true });
  });
  expect(await maintainPartitions(source, { retentionDays: { log_scores: 9999 } })).toMatchObject({
    busy: false,
  });
});

describe("refused before anything is written", () => {
  test("a database that has tables", async () => {
    await withTemplateDatabase(async (target) => {
      const error = await failure(copyInto(target));
      expect(error).toMatchObject({
        code: "restore_target_not_empty",
        message: expect.stringMatching(
          /has tables already \(such as accounts, .*: a copy is restored/,
        ),
      });
    });
  });

  test("a copy of a newer release", async () => {
    await withTemplateDatabase(
      async (target) => {
        const error = await failure(
          withDump(source, {}, (dump) =>
            loadDump(target, withMigration(dump, "9999_of_the_future"), { appliedBy }),
          ),
        );
        expect(error.code).toBe("migration_newer_than_code");
        expect(await contents(target)).toEqual({});
      },
      { migrated: false },
    );
  });
});

function withMigration(dump: DatabaseDump, version: string): DatabaseDump {
  const { description } = dump;
  const migrations = [...description.migrations, { version, checksum: "none" }];
  return { ...dump, description: { ...description, migrations } };
}

test("a copy that breaks off leaves a database that no release starts on", async () => {
  await withTemplateDatabase(
    async (target) => {
      await expect(
        withDump(source, {}, (dump) =>
          loadDump(target, breakingOff(dump, "servers"), { appliedBy }),
        ),
      ).rejects.toThrow("cut");
      expect(await failure(migrate(target, { appliedBy }))).toMatchObject({
        code: "migration_failed",
        message: expect.stringContaining("was being restored from a backup"),
      });
      expect((await failure(copyInto(target))).code).toBe("restore_target_not_empty");
    },
    { migrated: false },
  );
});

/** The rows of one relation never come. */
function breakingOff(dump: DatabaseDump, at: string): DatabaseDump {
  return {
    ...dump,
    relations: async function* () {
      for await (const relation of dump.relations()) {
        if (relation.name !== at) {
          yield relation;
          continue;
        }
        const text = new Readable({ read: () => void text.destroy(new Error("cut")) });
        yield { ...relation, text };
      }
    },
  };
}
