// Results and paths as Parquet by day in a directory, read back by DuckDB: all of them, each once, whatever dies, and nothing in
// the way of those who work while the directory takes nothing.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { type TestDatabase, useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Archive } from "../src/archive/archive.ts";
import { MERGE_LIMITS } from "../src/archive/parquet/merge-parts.ts";
import { PARQUET_LIMITS } from "../src/archive/parquet/parquet-archive.ts";
import { ARCHIVE_LIMITS, runArchive } from "../src/archive/run-archive.ts";
import { useDuckDb } from "./_duckdb.ts";
import { exchanges } from "./_exchanges.ts";
import { EAGER, parquetArchiveIn } from "./_parquet-archive.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
await insertFleet(database);
const WAIT = { timeout: 60_000, interval: 20 };
const RUNNER: string = fileURLToPath(new URL("_archive-runner.ts", import.meta.url));
/** Merges nothing. */
const LOOSE = {
  ...EAGER,
  merge: { ...MERGE_LIMITS, parts: 1_000, closedMs: Number.POSITIVE_INFINITY },
};

let directory: string;
let archive: Archive;

beforeEach(async () => {
  await sql`truncate log_scores, check_evidence, result_commits, result_commit_purges, archives, archive_traceroutes, archive_events, events,
    traceroutes`.execute(database.kysely);
  directory = await mkdtemp(join(tmpdir(), "truechimer-archive-"));
  archive = parquetArchiveIn(directory, LOOSE);
});
afterEach(async () => {
  await archive[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const run = async (to: Archive = archive): Promise<void> =>
  runArchive({ database, clock: systemClock }, to, new AbortController().signal);

async function insert(rows: number, from = "1 hour", into: TestDatabase = database): Promise<void> {
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, reason)
    select now() - ${from}::interval + n * interval '1 ms', 1 + n % 2, 1, 1, 20, n, case when n % 9 = 0 then 'timeout' end
    from generate_series(1, ${rows}::int) n`.execute(into.kysely);
}

/** What DuckDB finds, with nothing known but where the files are. */
async function found(
  columns: string,
  table = "results",
  more = "",
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const duckdb = await useDuckDb();
  return await duckdb.rows(
    `select ${columns} from read_parquet('${directory}/${table}/*/*.parquet', hive_partitioning = true) ${more}`,
  );
}

/** What is in the database is there, once each, in the folder of its day. */
async function expectAll(of: TestDatabase = database): Promise<void> {
  const { rows } = await sql<{ readonly row: string }>`
    select concat_ws(' ', id, (extract(epoch from ts) * 1000000)::bigint, to_char(ts at time zone 'UTC', 'YYYY-MM-DD'),
      coalesce(offset_ns::text, '-'), coalesce(reason, '')) as row from log_scores`.execute(
    of.kysely,
  );
  const there = await found(
    `concat_ws(' ', id, epoch_us("at"), day::varchar, coalesce(offset_ns::varchar, '-'), reason) as row`,
  );
  const sorted = (all: readonly (string | null | undefined)[]): unknown =>
    all.map(String).toSorted((a, b) => a.localeCompare(b));
  expect(sorted(there.map(({ row }) => row))).toEqual(sorted(rows.map(({ row }) => row)));
}

async function archiveRow(): Promise<Record<string, unknown>> {
  return await database.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
}

async function files(table = "results"): Promise<readonly string[]> {
  const all = await readdir(join(directory, table), { recursive: true });
  return all.filter((name) => name.endsWith(".parquet")).toSorted();
}

test("a result with its packets, an overall score, a path", async () => {
  const { silent, answered } = exchanges();
  const evidence = toBinary(
    monitorV2.CheckEvidenceSchema,
    create(monitorV2.CheckEvidenceSchema, { exchanges: [silent, answered], selectedIndex: 1 }),
  );
  await run();
  await sql`
    with added as (
      insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
        stratum, leap, reason, samples_sent, samples_answered, has_evidence, attributes)
      values ('2026-03-01T23:59:59.999999Z', 1, 1, -0.1, 1, 0.905, 'ours/1/good', -9007199254740993, 260000, 500000,
          2, 0, null, 2, 1, true, '{"trace_id": "x"}'),
        ('2026-03-02T00:00:00Z', 1, 2, null, -5, -100, '', null, null, null, null, null, 'timeout', 3, 0, false, null)
      returning id, ts, has_evidence
    )
    insert into check_evidence (log_score_id, ts, evidence) select id, ts, ${evidence} from added where has_evidence`.execute(
    database.kysely,
  );
  await sql`
    insert into traceroutes (ts, server_id, ip, port, monitor_id, reached, hops)
    values ('2026-03-01T12:00:00Z', 1, '2001:db8::1', 123, 1, true, '[{"hop_limit": 1, "answers": []}]')`.execute(
    database.kysely,
  );
  await sql`
    insert into events (at, kind, server_id, monitor_id, verdict_before, verdict_after, reason, text, verdict_rules)
    values ('2026-03-01T12:00:00.000001Z', 'verdict_changed', 1, null, 'truechimer', 'falseticker', 'offset', 'ß lies', 'ours/1')`.execute(
    database.kysely,
  );
  await run();
  const t1 = 1_800_000_000_000_000_000n;
  const [good, score] = await found(
    `day::varchar as day, epoch_us("at")::varchar as us, server_address, server_name, monitor_name, is_score::varchar as is_score,
      score_before::varchar as score_before, score::varchar as score, offset_ns::varchar as offset_ns, stratum::varchar as stratum,
      leap::varchar as leap, reason, attributes, precision_log2::varchar as precision_log2, root_delay_ns::varchar as root_delay_ns,
      reference_id, selected_exchange::varchar as selected_exchange, exchange_t1_ns::varchar as t1, exchange_t2_ns::varchar as t2,
      exchange_t4_ns::varchar as t4, exchange_reason::varchar as reasons, lower(hex(packets)) as packets`,
    "results",
    `order by "at"`,
  );
  expect(good).toEqual({
    day: "2026-03-01",
    us: "1772409599999999",
    server_address: "[2001:db8::1]:123",
    server_name: "ß 🕰️ \\' \" \t",
    monitor_name: "zrh",
    is_score: "false",
    score_before: "-0.1",
    score: "0.905",
    offset_ns: "-9007199254740993",
    stratum: "2",
    leap: "0",
    reason: "",
    attributes: '{"trace_id": "x"}',
    precision_log2: "-20",
    root_delay_ns: "0",
    reference_id: "0xc0000209",
    selected_exchange: "1",
    t1: `[${t1}, ${t1}]`,
    t2: `[0, ${t1 + 1_250_000n}]`,
    t4: `[0, ${t1 + 510_000n}]`,
    reasons: "[timeout, '']",
    packets: Buffer.from(evidence).toString("hex"),
  });
  expect(score).toMatchObject({
    day: "2026-03-02",
    monitor_name: "recentmedian",
    is_score: "true",
    offset_ns: null,
    reason: "timeout",
    selected_exchange: null,
    t1: "[]",
    reasons: "[]",
    packets: null,
  });
  expect(
    await found("address, port::varchar as port, reached::varchar as reached, hops", "traceroutes"),
  ).toEqual([
    {
      address: "2001:db8::1",
      port: "123",
      reached: "true",
      hops: '[{"answers": [], "hop_limit": 1}]',
    },
  ]);
  expect(
    await found(
      `day::varchar as day, epoch_us("at")::varchar as us, kind, server_id::varchar as server_id, server_name,
        monitor_id::varchar as monitor_id, verdict_before, verdict_after, reason, text, rule_set, fault_after`,
      "events",
    ),
  ).toEqual([
    {
      day: "2026-03-01",
      us: "1772366400000001",
      kind: "verdict_changed",
      server_id: "1",
      server_name: "ß 🕰️ \\' \" \t",
      monitor_id: null,
      verdict_before: "truechimer",
      verdict_after: "falseticker",
      reason: "offset",
      text: "ß lies",
      rule_set: "ours/1",
      fault_after: null,
    },
  ]);
  expect(await archiveRow()).toMatchObject({
    events_sent: 1n,
    kind: "parquet",
    target: `file://${directory}`,
    results_sent: 2n,
    traceroutes_sent: 1n,
    older_from: null,
    writing: [],
  });
});

test("parts of a day are merged, and late rows are with the others", async () => {
  const eager = parquetArchiveIn(directory);
  await insert(6_000, "26 hours");
  for (let part = 0; part < 9; part += 1) {
    await insert(200, "30 hours");
    await run();
  }
  const loose = await files();
  expect(loose.length).toBeGreaterThanOrEqual(9);
  await expectAll();
  await run(eager);
  await expectAll();
  const merged = await files();
  // Two days at most, and a file for each.
  expect(merged.length).toBeLessThanOrEqual(2);
  await insert(1, "30 hours");
  await run(eager);
  expect((await files()).length).toBeLessThanOrEqual(2);
  await expectAll();
});

test("of a day that goes on, neighbours of one size are merged", async () => {
  const growing = parquetArchiveIn(directory, {
    ...EAGER,
    merge: { ...MERGE_LIMITS, parts: 2, closedMs: Number.POSITIVE_INFINITY },
  });
  await sql`set timezone to 'UTC'`.execute(database.kysely);
  for (let part = 1; part <= 7; part += 1) {
    await sql`insert into log_scores (ts, server_id, monitor_id, step, score)
      values ('2026-03-01T12:00:00Z'::timestamptz + ${part}::int * interval '1 second', 1, 1, 1, 1)`.execute(
      database.kysely,
    );
    await run(growing);
  }
  expect((await files()).map((name) => name.replace(/-[0-9a-f]+\.parquet$/, ""))).toEqual([
    "day=2026-03-01/000001-000004",
    "day=2026-03-01/000005-000006",
    "day=2026-03-01/000007-000007",
  ]);
  await expectAll();
});

test("what was written and not noted is removed before it is written again", async () => {
  await run();
  await insert(100, "26 hours");
  await insert(100);
  let isDying = true;
  const dying: Archive = {
    ...archive,
    writeResults: async (results, write) => {
      await archive.writeResults(results, write);
      if (isDying) throw new Error("killed here");
    },
  };
  await expect(run(dying)).rejects.toThrow("killed here");
  const before = await files();
  expect(before.length).toBeGreaterThanOrEqual(2);
  expect(await archiveRow()).toMatchObject({
    results_sent: 0n,
    last_error: "internal",
    writing: before.map((name) => `results/${name}`),
  });
  // Meanwhile more has come; a page is cut elsewhere than the first time.
  await insert(50, "2 hours");
  isDying = false;
  await run(dying);
  await expectAll();
  expect((await files()).filter((name) => before.includes(name))).toEqual([]);
  expect(await archiveRow()).toMatchObject({ results_sent: 250n, writing: [] });
});

test("a merge that was killed leaves its parts, which its name says are replaced", async () => {
  await insert(10, "26 hours");
  await run();
  await insert(10, "26 hours");
  await run();
  const parts = await files();
  const copies = await Promise.all(
    parts.map(async (name) => ({
      name,
      bytes: await readFile(join(directory, "results", name)),
    })),
  );
  const eager = parquetArchiveIn(directory);
  await run(eager);
  const merged = await files();
  expect(merged).toHaveLength(1);
  // As it is between naming the merged file and removing its parts.
  for (const { name, bytes } of copies) await writeFile(join(directory, "results", name), bytes);
  const read = await eager.results({
    from: "1970-01-01T00:00:00.000000Z" as never,
    to: "2200-01-01T00:00:00.000000Z" as never,
    order: "oldest",
    writtenBy: "monitor",
    serverIds: undefined,
    place: { ts: "1970-01-01T00:00:00.000000Z" as never, id: 0n },
    rowsMax: 100,
  });
  expect(read.rows).toHaveLength(20);
  await insert(1, "26 hours");
  await run(parquetArchiveIn(directory));
  await expectAll();
});

test("new results wait until they are worth a file, and the lag says how long", async () => {
  const patient = parquetArchiveIn(directory, {
    ...PARQUET_LIMITS,
    batch: { results: 50, seconds: 600 },
  });
  await run(patient);
  await insert(49);
  await run(patient);
  expect(await archiveRow()).toMatchObject({ results_sent: 0n });
  await insert(1, "2 hours");
  await run(patient);
  expect(await archiveRow()).toMatchObject({ results_sent: 50n });
  await insert(1, "3 hours");
  await run(patient);
  expect(await archiveRow()).toMatchObject({ results_sent: 50n });
  await sql`update result_commits set accepted_at = now() - interval '11 minutes'`.execute(
    database.kysely,
  );
  await run(patient);
  expect(await archiveRow()).toMatchObject({ results_sent: 51n });
  await expectAll();
});

test("of two that send at once one writes", async () => {
  await insert(5_000);
  const other = parquetArchiveIn(directory, LOOSE);
  await Promise.all([run(), run(other), run(), run(other)]);
  await run();
  await expectAll();
  expect(await archiveRow()).toMatchObject({ results_sent: 5_000n });
});

test("a directory that is away, or another one in its place, is told, and nothing is lost", async () => {
  await insert(5);
  await run();
  const { admin } = await useServer(database, { archive: { kind: "directory", directory } });
  const away = `${directory}-away`;
  await rename(directory, away);
  await insert(5, "2 hours");
  await expect(run()).rejects.toMatchObject({
    code: "archive_refused",
    message: expect.stringContaining("is not there"),
  });
  const [behind] = (await admin.getSystem({})).archives;
  expect(behind).toMatchObject({ kind: "parquet", resultsWaiting: 5n });
  expect(behind?.lastError).toContain(
    `archive_refused: the archive's directory ${directory} is not there`,
  );
  // A disk that is not mounted leaves an empty directory.
  await mkdir(directory);
  await expect(run()).rejects.toMatchObject({
    code: "archive_refused",
    message: expect.stringContaining("is not the store that results were sent to"),
  });
  expect(await readdir(directory)).toEqual([]);
  await rm(directory, { recursive: true });
  await rename(away, directory);
  await run();
  await expectAll();
  const [good] = (await admin.getSystem({})).archives;
  expect(good).toMatchObject({ resultsWaiting: 0n, lastError: "" });
});

test("a full disk leaves no part of a file, and what it does not take waits", async () => {
  await withTemplateDatabase(async (own) => {
    await insertFleet(own);
    await insert(20_000, "1 hour", own);
    // No file may be longer than 8 KiB, as if the disk were full after so much.
    const full = startRunner(own.url, directory, "ulimit -f 8; ");
    try {
      await vi.waitFor(async () => {
        const row = await own.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
        expect(row.last_error).toMatch(
          /^archive_refused: the archive's directory .* takes no file as large/,
        );
        expect(row.results_sent).toBe(0n);
      }, WAIT);
    } finally {
      await end(full);
    }
    const left = await readdir(directory, { recursive: true });
    expect(left.filter((name) => name.endsWith(".parquet"))).toEqual([]);
    const roomy = startRunner(own.url, directory);
    try {
      await vi.waitFor(async () => {
        const row = await own.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
        expect(row).toMatchObject({ results_sent: 20_000n, last_error: "" });
      }, WAIT);
    } finally {
      await end(roomy);
    }
    await expectAll(own);
  });
}, 120_000);

test("a process that is killed in the middle is followed by one that writes the rest", async () => {
  await withTemplateDatabase(async (own) => {
    await insertFleet(own);
    await insert(30_005, "26 hours", own);
    const sent = async (): Promise<bigint> =>
      (await own.kysely.selectFrom("archives").select("results_sent").executeTakeFirst())
        ?.results_sent ?? 0n;
    for (const least of [1n, 12_000n]) {
      const doomed = startRunner(own.url, directory);
      await vi.waitFor(async () => expect(await sent()).toBeGreaterThanOrEqual(least), WAIT);
      await kill(doomed);
    }
    const last = startRunner(own.url, directory);
    try {
      await vi.waitFor(async () => {
        const row = await own.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
        expect(row).toMatchObject({ older_from: null, last_error: "", writing: [] });
        expect((await files()).length).toBeLessThanOrEqual(2);
      }, WAIT);
    } finally {
      await end(last);
    }
    await expectAll(own);
  });
}, 120_000);

test("a file that was damaged is named, with what to do", async () => {
  await insert(5);
  await run();
  const [name = ""] = await files();
  await writeFile(join(directory, "results", name), "no Parquet, and long enough to be looked at");
  await expect(
    archive.results({
      from: "1970-01-01T00:00:00.000000Z" as never,
      to: "2200-01-01T00:00:00.000000Z" as never,
      order: "oldest",
      writtenBy: "monitor",
      serverIds: undefined,
      place: { ts: "1970-01-01T00:00:00.000000Z" as never, id: 0n },
      rowsMax: 100,
    }),
  ).rejects.toMatchObject({
    code: "archive_refused",
    message: expect.stringContaining(`results/${name} of the archive cannot be read as Parquet`),
  });
});

test("a transaction of more results than one page holds goes by its time", async () => {
  await run();
  await insert(21);
  await insert(3, "3 hours");
  const limits = { ...ARCHIVE_LIMITS, resultsAPage: 10, resultsOfOnePageMax: 20 };
  const { signal } = new AbortController();
  await runArchive({ database, clock: systemClock }, archive, signal, limits);
  await expectAll();
  expect(await archiveRow()).toMatchObject({ older_from: null, writing: [] });
});

async function insertFleet({ kysely }: TestDatabase): Promise<void> {
  await sql`
    insert into servers (name, ip, port, ip_version)
    values (${"ß 🕰️ \\' \" \t"}, '2001:db8::1', 123, 'v6'), ('b', '192.0.2.1', 123, 'v4')`.execute(
    kysely,
  );
  await sql`
    insert into monitors (id_token, type, hostname, ip, ip_version, status)
    values ('m', 'monitor', 'zrh', '198.51.100.1', 'v4', 'active'), ('s', 'score', 'recentmedian', null, null, 'active')`.execute(
    kysely,
  );
}

/** @param first what the shell does before. */
function startRunner(url: string, place: string, first = ""): ChildProcess {
  const command = `${first}exec "$@"`;
  const program = [process.execPath, "--conditions=source", RUNNER, url, place, "2000"];
  return spawn("/bin/sh", ["-c", command, "sh", ...program], {
    stdio: ["pipe", "inherit", "inherit"],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.stdin?.end();
  await closed;
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
