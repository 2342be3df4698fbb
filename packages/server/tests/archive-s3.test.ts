// Results as Parquet on a real S3 server: all of them, each once, also while it is away, and what is wrong with it told in words that
// hold no secret.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Archive } from "../src/archive/archive.ts";
import { createS3Store, type S3Settings } from "../src/archive/parquet/s3-store.ts";
import { runArchive } from "../src/archive/run-archive.ts";
import { useDuckDb } from "./_duckdb.ts";
import { startFaultyProxy } from "./_faulty-proxy.ts";
import { parquetArchiveIn } from "./_parquet-archive.ts";
import { type S3Server, startS3Server } from "./_s3-server.ts";
import { useServer } from "./_test-server.ts";

const WAIT = { timeout: 60_000, interval: 20 };
const RUNNER: string = fileURLToPath(new URL("_archive-runner.ts", import.meta.url));
/** What the store sends at once. */
const PART_BYTES = 8_388_608;
const database = await useDatabase();
await sql`insert into servers (name, ip, port, ip_version) values ('a', '192.0.2.1', 123, 'v4')`.execute(
  database.kysely,
);
await sql`
  insert into monitors (id_token, type, hostname, ip, ip_version, status)
  values ('m', 'monitor', 'zrh', '198.51.100.1', 'v4', 'active')`.execute(database.kysely);

let server: S3Server;
let prefixes = 0;
let settings: S3Settings;

beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate log_scores, result_commits, result_commit_purges, archives, archive_traceroutes, archive_events, events, traceroutes`.execute(
    database.kysely,
  );
  prefixes += 1;
  settings = { ...server.settings, prefix: `test-${prefixes}/` };
});

const archiveWith = (changed: Partial<S3Settings> = {}): Archive =>
  parquetArchiveIn(createS3Store({ ...settings, ...changed }));

const run = async (to: Archive): Promise<void> =>
  runArchive({ database, clock: systemClock }, to, new AbortController().signal);

async function insert(rows: number, from = "30 hours"): Promise<void> {
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns)
    select now() - ${from}::interval + n * interval '1 ms', 1, 1, 1, 20, n from generate_series(1, ${rows}::int) n`.execute(
    database.kysely,
  );
}

async function expectAll(): Promise<void> {
  const { rows } = await sql<{ readonly row: string }>`
    select concat_ws(' ', id, (extract(epoch from ts) * 1000000)::bigint, offset_ns) as row from log_scores`.execute(
    database.kysely,
  );
  const duckdb = await useDuckDb();
  const folder = join(server.directory, "clocks", settings.prefix ?? "", "results");
  // The server keeps the bytes of an object in a file of another ending.
  const objects = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith(".parquet._S3rver_object"),
  );
  const list = objects.map((name) => `'${join(folder, name)}'`).join();
  const there = await duckdb.rows(
    `select concat_ws(' ', id, epoch_us("at"), offset_ns) as row from read_parquet([${list}])`,
  );
  const sorted = (all: readonly { readonly row?: string | null }[]): unknown =>
    all.map(({ row }) => String(row)).toSorted((a, b) => a.localeCompare(b));
  expect(sorted(there)).toEqual(sorted(rows));
}

test("every result is there, once, through merges", async () => {
  const archive = archiveWith();
  await insert(500);
  await run(archive);
  for (let part = 0; part < 4; part += 1) {
    await insert(50, "40 hours");
    await run(archive);
  }
  await insert(50, "1 minute");
  await run(archive);
  await expectAll();
});

test("while it is away results wait, and are there when it is back", async () => {
  const archive = archiveWith();
  await insert(5);
  await run(archive);
  const { admin } = await useServer(database, { archive: { kind: "s3", ...settings } });
  await server.kill();
  try {
    await insert(7);
    await expect(run(archive)).rejects.toMatchObject({ code: "peer_unreachable" });
    const [behind] = (await admin.getSystem({})).archives;
    expect(behind).toMatchObject({ kind: "parquet", resultsWaiting: 7n });
    expect(behind?.target).toBe(`s3+${settings.endpoint}/clocks/${settings.prefix}`);
    expect(behind?.lastError).toContain("peer_unreachable: the archive at s3+http://127.0.0.1:");
  } finally {
    await server.restart();
  }
  await run(archive);
  await expectAll();
});

test.each([
  { name: "one that is too busy", fault: "busy", methods: undefined, words: /503 \(SlowDown\)/ },
  {
    name: "one too busy to take files",
    fault: "busy",
    methods: ["PUT"],
    words: /503 \(SlowDown\)/,
  },
  {
    name: "one that does not answer",
    fault: "silent",
    methods: undefined,
    words: /does not answer/,
  },
  {
    name: "one that takes files and does not answer",
    fault: "silent",
    methods: ["PUT"],
    words: /does not answer/,
  },
] as const)(
  "$name makes the lag grow and is told, and nothing is lost or there twice",
  async ({ fault, methods, words }) => {
    await using proxy = await startFaultyProxy(settings.endpoint);
    // A second is more than any answer here takes.
    const changed = { endpoint: proxy.url, timeoutMs: 1_000 };
    const archive = archiveWith(changed);
    await insert(5);
    await run(archive);
    const { admin } = await useServer(database, {
      archive: { kind: "s3", ...settings, ...changed },
    });
    proxy.set(fault, methods);
    for (const waiting of [3n, 6n]) {
      await insert(3);
      await expect(run(archive)).rejects.toMatchObject({
        code: "peer_unreachable",
        message: expect.stringMatching(words),
      });
      const [behind] = (await admin.getSystem({})).archives;
      expect(behind).toMatchObject({ resultsWaiting: waiting });
      expect(behind?.lastError).toMatch(words);
    }
    proxy.set("none");
    await run(archive);
    await expectAll();
    const [ahead] = (await admin.getSystem({})).archives;
    expect(ahead).toMatchObject({ resultsWaiting: 0n, lastError: "" });
  },
);

test.each<{ name: string; changed: Partial<S3Settings>; words: RegExp }>([
  {
    name: "a wrong secret",
    changed: { secretAccessKey: "secret-word" },
    words: /403 \(SignatureDoesNotMatch\): correct the secret in archive\.s3_secret_key_file/,
  },
  {
    name: "an unknown key",
    changed: { accessKeyId: "NOBODY", secretAccessKey: "secret-word" },
    words: /403 \(InvalidAccessKeyId\): correct archive\.s3_access_key_id/,
  },
  {
    name: "a bucket that is not there",
    changed: { bucket: "elsewhere" },
    words: /has no bucket elsewhere: make it, or correct archive\.s3_bucket/,
  },
])("$name is told, without the secret", async ({ changed, words }) => {
  await insert(3);
  const failure: unknown = await run(archiveWith(changed)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "archive_refused", message: expect.stringMatching(words) });
  const row = await database.kysely.selectFrom("archives").selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ results_sent: 0n, last_error: expect.stringMatching(words) });
  const told = inspected(failure) + JSON.stringify(row, (_, value: unknown) => String(value));
  expect(told).not.toContain("secret-word");
  expect(told).not.toContain("NOBODY");
  expect(told).not.toContain("Signature=");
});

test("a file of many megabytes goes in parts, and is the same", async () => {
  const store = createS3Store(settings);
  const pieces = Array.from({ length: 21 }, (_, piece) =>
    new Uint8Array(1_000_000).fill(piece + 1),
  );
  const { signal } = new AbortController();
  await store.write("results/day=2026-03-01/large", pieces, signal);
  const [listed] = await store.list("results/");
  expect(listed).toMatchObject({ name: "results/day=2026-03-01/large", bytes: 21_000_000 });
  const whole = await store.read("results/day=2026-03-01/large", { start: 0, end: 21_000_000 });
  const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  expect(digest(new Uint8Array(whole ?? new ArrayBuffer(0)))).toBe(digest(Buffer.concat(pieces)));
  const part = await store.read("results/day=2026-03-01/large", { start: 999_999, end: 1_000_002 });
  expect(new Uint8Array(part ?? new ArrayBuffer(0))).toEqual(new Uint8Array([1, 2, 2]));
  expect(await store.read("results/none", { start: 0, end: 1 })).toBeUndefined();
});

test("what breaks off in the middle of its parts is not there", async () => {
  const store = createS3Store(settings);
  const { signal } = new AbortController();
  const breaking = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(9_000_000);
    yield new Uint8Array(9_000_000);
    await Promise.reject(new Error("the rows broke off"));
  };
  await expect(store.write("results/large", breaking(), signal)).rejects.toThrow();
  expect(await store.list("")).toEqual([]);
  const left = await readdir(join(server.directory, "clocks"), { recursive: true });
  expect(
    left.filter((name) => name.startsWith(settings.prefix ?? "") && name.includes("large")),
  ).toEqual([]);
});

test("a process that is killed between the parts of a file leaves nothing to be read, and nothing is lost", async () => {
  // Texts that no compression makes small: the file of the day has more than two parts.
  await sql`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, attributes)
    select date_trunc('day', now()) - interval '30 hours' + n * interval '1 ms', 1, 1, 1, 20, n,
      jsonb_build_object('x', (select string_agg(md5(n || '-' || m), '') from generate_series(1, 15) m))
    from generate_series(1, 50000) n`.execute(database.kysely);
  const sent = async (): Promise<bigint> =>
    (await database.kysely.selectFrom("archives").select("results_sent").executeTakeFirst())
      ?.results_sent ?? 0n;
  // Of uploads that were given up this server keeps the parts.
  const before = (await partsOfUploads()).length;
  const doomed = startRunner(2 * PART_BYTES);
  try {
    await vi.waitFor(async () => expect(await partsOfUploads()).toHaveLength(before + 2), WAIT);
  } finally {
    await kill(doomed);
  }
  const store = createS3Store(settings);
  expect(await store.list("results/")).toEqual([]);
  const { writing } = await database.kysely
    .selectFrom("archives")
    .select("writing")
    .executeTakeFirstOrThrow();
  expect(writing).toHaveLength(1);
  expect(await store.read(writing[0] ?? "", { start: 0, end: 1 })).toBeUndefined();
  expect(await sent()).toBe(0n);
  const next = startRunner(Number.POSITIVE_INFINITY);
  try {
    await vi.waitFor(async () => expect(await sent()).toBe(50_000n), WAIT);
  } finally {
    await kill(next);
  }
  const found = await store.list("results/");
  expect(found.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(2 * PART_BYTES);
  await expectAll();
}, 120_000);

test("more files than one answer lists, from a name to another", async () => {
  const store = createS3Store(settings);
  const { signal } = new AbortController();
  const nameOf = (number: number): string => `results/${String(number).padStart(4, "0")}`;
  for (let number = 0; number < 1_203; number += 1)
    await store.write(nameOf(number), [new Uint8Array([1])], signal);
  const all = await store.list("results/");
  expect(all.map(({ name }) => name)).toEqual(
    Array.from({ length: 1_203 }, (_, each) => nameOf(each)),
  );
  const some = await store.list("results/", { after: "results/0099", to: "results/0103" });
  expect(some.map(({ name }) => name)).toEqual([nameOf(100), nameOf(101), nameOf(102)]);
  expect(await store.first("results/")).toBe(nameOf(0));
  await store.remove([nameOf(0), "results/none"]);
  expect(await store.first("results/")).toBe(nameOf(1));
  expect(await store.first("other/")).toBeUndefined();
}, 60_000);

/** Of files that are not put together yet. */
async function partsOfUploads(): Promise<readonly string[]> {
  const all = await readdir(join(server.directory, "clocks"), { recursive: true });
  return all.filter((name) => name.includes("_S3rver_uploads") && name.endsWith(".md5"));
}

/** @param stallBytes where it stands still in the middle of a file. */
function startRunner(stallBytes: number): ChildProcess {
  const parameters = [database.url, JSON.stringify(settings), "100000", String(stallBytes)];
  return spawn(process.execPath, ["--conditions=source", RUNNER, ...parameters], {
    stdio: ["pipe", "inherit", "inherit"],
  });
}

async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

function inspected(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.fromEntries(
    Object.getOwnPropertyNames(error).map((name) => [name, (error as never)[name]]),
  );
  return JSON.stringify(own, (_, value: unknown) =>
    value instanceof Error ? inspected(value) : value,
  );
}
