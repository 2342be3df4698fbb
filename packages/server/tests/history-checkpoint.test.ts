// A start from a checkpoint: what it saves is time, and what it costs is never a wrong answer.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { currentResultsPosition, type PgSnapshotText } from "@truechimer/database";
import { createHistoryStore } from "@truechimer/history";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type {
  CheckpointIndex,
  CheckpointOrigin,
} from "../src/history/checkpoint/checkpoint-format.ts";
import { openCheckpoint } from "../src/history/checkpoint/read-checkpoint.ts";
import { writeCheckpoint } from "../src/history/checkpoint/write-checkpoint.ts";
import type { HistorySettings } from "../src/history/history-settings.ts";
import type { HotHistory } from "../src/history/hot-history.ts";
import {
  clearResults,
  heldRows,
  insertResults,
  SMALL,
  startHistory,
  storedRows,
  whenOver,
} from "./_history.ts";

const database = await useDatabase();
const other = await useDatabase();

const DAYS = 14;
const KILLS = 3;

// Several starts each, with threads and a process of their own, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

beforeEach(async () => await clearResults(database));

async function useDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-checkpoint-"));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

const useFile = async (): Promise<string> => join(await useDirectory(), "history.checkpoint");

function startFrom(
  checkpointFile: string,
  settings: Partial<HistorySettings> = {},
  from = database,
): HotHistory {
  return startHistory(from, { ...SMALL, ...settings, checkpointFile });
}

/** Loads what the database has and stops, so that there is a checkpoint of it. */
async function leaveCheckpoint(file: string, from = database): Promise<void> {
  const history = startFrom(file, {}, from);
  expect(await whenOver(history)).toBe("complete");
  await history[Symbol.asyncDispose]();
}

/** Starts, and holds every row against the database. */
async function startedFrom(
  file: string,
  settings: Partial<HistorySettings> = {},
): Promise<HotHistory> {
  const history = startFrom(file, settings);
  expect(await whenOver(history)).toBe("complete");
  const store = await history.current();
  expect(store && heldRows(store)).toEqual(await storedRows(database, DAYS));
  return history;
}

describe("a start from a checkpoint", () => {
  test("reads no row of what it holds from the database, and says so", async () => {
    const file = await useFile();
    await insertResults(database, 3_000, 10);
    await leaveCheckpoint(file);
    const history = await startedFrom(file);
    expect(history.checkpoint).toBe("used");
    expect(history.progress()).toMatchObject({ rows: 3_000, rowsRestored: 3_000, coverage: 1 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("knows what was committed since, old rows and new ones, and holds none twice", async () => {
    const file = await useFile();
    await insertResults(database, 2_000, 10);
    await leaveCheckpoint(file);
    await insertResults(database, 300, 12);
    await insertResults(database, 200, 0.01);
    const history = await startedFrom(file);
    expect(history.progress()).toMatchObject({ rowsRestored: 2_500, coverage: 1 });
  });

  test("knows what was committed while the checkpoint was made and the process still lived", async () => {
    const file = await useFile();
    await insertResults(database, 2_000, 10);
    const history = startFrom(file, { checkpointEveryMs: 1 });
    await whenOver(history);
    for (let batch = 0; batch < 20; batch += 1)
      await insertResults(database, 100, batch % 2 === 0 ? 12 : 0.1);
    await history[Symbol.asyncDispose]();
    await insertResults(database, 100, 3);
    expect((await startedFrom(file)).progress().rowsRestored).toBe(4_100);
  });

  test("while results are committed loses none and holds none twice", async () => {
    const file = await useFile();
    await insertResults(database, 4_000, 10);
    await leaveCheckpoint(file);
    const history = startFrom(file);
    for (let batch = 0; batch < 20; batch += 1)
      await insertResults(database, 50, batch % 2 === 0 ? 9 : 0.01);
    await whenOver(history);
    const store = await history.current();
    expect(store && heldRows(store)).toEqual(await storedRows(database, DAYS));
    expect(history.progress().rowsRestored).toBeGreaterThanOrEqual(4_000);
  });

  test("drops what retention has removed", async () => {
    const file = await useFile();
    await insertResults(database, 3_000, 13);
    await leaveCheckpoint(file);
    await sql`delete from log_scores where ts < now() - interval '5 days'`.execute(database.kysely);
    const history = await startedFrom(file);
    expect(history.progress().rowsRestored).toBeGreaterThan(1_000);
    expect(history.store.rows).toBe((await storedRows(database, DAYS)).length);
  });

  test("reads a day anew from which results were deleted, and the others not", async () => {
    const file = await useFile();
    await insertResults(database, 6_000, 10);
    await leaveCheckpoint(file);
    await sql`
      delete from log_scores where server_id = 3 and ts < now() - interval '70 hours' and ts > now() - interval '4 days'`.execute(
      database.kysely,
    );
    const { rowsRestored, rows } = (await startedFrom(file)).progress();
    expect(rowsRestored).toBeGreaterThan(3_000);
    expect(rowsRestored).toBeLessThan(rows);
  });

  test("gives the checkpoint up where results are missing everywhere", async () => {
    const file = await useFile();
    await insertResults(database, 6_000, 10);
    await leaveCheckpoint(file);
    await sql`delete from log_scores where server_id = 3`.execute(database.kysely);
    expect((await startedFrom(file)).progress().rowsRestored).toBe(0);
  });

  test("goes beyond it where the retention has grown, and stops before its end where it has shrunk", async () => {
    const file = await useFile();
    await insertResults(database, 3_000, 10);
    await leaveCheckpoint(file);
    const shorter = startFrom(file, { retentionMs: 4.5 * 86_400_000 });
    await whenOver(shorter);
    expect(shorter.progress().rowsRestored).toBe(shorter.progress().rows);
    const from = shorter.store.horizonUs;
    await shorter[Symbol.asyncDispose]();
    const longer = await startedFrom(file);
    expect(longer.store.horizonUs).toBeLessThan(from);
    expect(longer.progress().rowsRestored).toBeGreaterThan(1_000);
    expect(longer.progress().rowsRestored).toBeLessThan(3_000);
  });

  test("keeps the memory budget, also one that is smaller than the checkpoint", async () => {
    const file = await useFile();
    await insertResults(database, 6_000, 10);
    await leaveCheckpoint(file);
    const history = startFrom(file, { memoryBytesMax: 200_000 });
    expect(await whenOver(history)).toBe("complete_capped");
    expect(history.store.bytes).toBeLessThanOrEqual(200_000);
    const held = heldRows(history.store);
    expect(held.length).toBeGreaterThan(1_000);
    expect(held).toEqual((await storedRows(database, DAYS)).slice(-held.length));
  });
});

describe("a checkpoint costs time and not a wrong answer", () => {
  test("that is missing", async () => {
    await insertResults(database, 1_000, 10);
    const history = await startedFrom(await useFile());
    expect(history.checkpoint).toBe("missing");
    expect(history.progress().rowsRestored).toBe(0);
  });

  test("that is of another database of the same PostgreSQL, or of another PostgreSQL", async () => {
    const file = await useFile();
    await insertResults(other, 2_000, 10);
    await leaveCheckpoint(file, other);
    await insertResults(database, 1_000, 10);
    expect((await startedFrom(file)).checkpoint).toBe("foreign");
    await leaveCheckpoint(file);
    await rewrite(file, ({ origin }) => ({ ...origin, cluster: "1" }));
    expect((await startedFrom(file)).checkpoint).toBe("foreign");
  });

  test("that an older version of the schema, or of its own form, has left", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    await rewrite(file, ({ origin }) => ({ ...origin, schema: "0001" }));
    expect((await startedFrom(file)).checkpoint).toBe("stale");
    const bytes = await readFile(file);
    bytes.writeUInt32LE(0, 4);
    await writeFile(file, bytes);
    expect((await startedFrom(file)).checkpoint).toBe("stale");
  });

  test("from after which the list of commits is gone", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    await insertResults(database, 100, 10);
    await sql`truncate result_commits`.execute(database.kysely);
    await sql`insert into result_commit_purges (cluster, purged_snapshot, next_snapshot)
      select system_identifier, results_snapshot(), results_snapshot() from pg_control_system()`.execute(
      database.kysely,
    );
    expect((await startedFrom(file)).checkpoint).toBe("behind");
  });

  test("that is ahead of a database which has gone back to an older state", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    await sql`
      delete from log_scores where id = (select id from log_scores order by ts desc, id desc limit 1)`.execute(
      database.kysely,
    );
    expect((await startedFrom(file)).checkpoint).toBe("foreign");
    await leaveCheckpoint(file);
    const ahead = "9000000000:9000000000:" as PgSnapshotText;
    await rewrite(file, ({ origin }) => origin, ahead);
    expect((await startedFrom(file)).checkpoint).toBe("foreign");
  });

  test("of which an end is missing, wherever it was cut off", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    const whole = await readFile(file);
    for (const share of [0, 0.3, 0.9999]) {
      await writeFile(file, whole);
      await truncate(file, Math.floor(whole.length * share));
      expect((await startedFrom(file)).checkpoint).toBe("torn");
    }
  });

  test("of which a byte has changed, wherever that is", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    const whole = await readFile(file);
    const places = [0, 40, Math.floor(whole.length / 3), whole.length - 400, whole.length - 3];
    for (const place of places) {
      const bytes = Buffer.from(whole);
      bytes[place] = ~(bytes[place] as number) & 0xff;
      await writeFile(file, bytes);
      const history = await startedFrom(file);
      expect(history.progress().rowsRestored).toBe(0);
      await history[Symbol.asyncDispose]();
    }
  });

  test("that cannot be written leaves the last one in place, and no half one", async () => {
    const file = await useFile();
    await insertResults(database, 1_000, 10);
    await leaveCheckpoint(file);
    const before = await readFile(file);
    const history = await startedFrom(file);
    const { store } = history;
    const source = {
      store,
      position: await currentResultsPosition(database.kysely),
      database: { database: "1", schema: "1" },
    };
    await expect(writeCheckpoint(file, source, AbortSignal.abort())).rejects.toThrow();
    expect(await readFile(file)).toEqual(before);
    const names = await readdir(join(file, ".."));
    expect(names).toEqual(["history.checkpoint"]);
    expect(await writeCheckpoint(file, { ...source, store: createHistoryStore() })).toBe(0);
    expect(await readFile(file)).toEqual(before);
  });

  test("whose writer is killed at any moment", async () => {
    const file = await useFile();
    await insertResults(database, 20_000, 10);
    await leaveCheckpoint(file);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = await startWriter(file);
      await insertResults(database, 50, 9);
      await writings(child, 2 + kill);
      child.kill("SIGKILL");
      await once(child, "close");
      const checkpoint = await openCheckpoint(file);
      if (typeof checkpoint === "string") throw new Error(checkpoint);
      for (const block of checkpoint.index.blocks)
        expect(await checkpoint.readBlock(block)).toBeDefined();
      await checkpoint[Symbol.asyncDispose]();
      const history = await startedFrom(file);
      expect(history.checkpoint).toBe("used");
      expect(history.progress().rowsRestored).toBe(history.progress().rows);
      await history[Symbol.asyncDispose]();
      expect(await readdir(join(file, ".."))).toEqual(["history.checkpoint"]);
    }
  });
});

/** The same rows, said to be of elsewhere. */
async function rewrite(
  file: string,
  originOf: (index: CheckpointIndex) => CheckpointOrigin,
  snapshot?: PgSnapshotText,
): Promise<void> {
  const checkpoint = await openCheckpoint(file);
  if (typeof checkpoint === "string") throw new Error(checkpoint);
  const { index } = checkpoint;
  const store = createHistoryStore();
  for (const block of index.blocks) {
    const packed = await checkpoint.readBlock(block);
    if (packed !== undefined) store.add(packed);
  }
  store.extendHorizon(index.horizonUs);
  await checkpoint[Symbol.asyncDispose]();
  const { cluster, timeline, ...origin } = originOf(index);
  const position = { cluster: BigInt(cluster), timeline, snapshot: snapshot ?? index.snapshot };
  await writeCheckpoint(file, { store, position, database: origin });
}

/** A process that writes one checkpoint after the other. */
async function startWriter(file: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("./_checkpoint-writer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", script, database.url, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** So many lines, of which it says one before each checkpoint. */
async function writings(child: ChildProcess, count: number): Promise<void> {
  let seen = 0;
  for await (const piece of child.stdout ?? []) {
    seen += String(piece).split("\n").length - 1;
    if (seen >= count) return;
  }
  throw new Error("the writer ended by itself");
}

test("a file that others may read is replaced by one that they may not", async () => {
  const file = await useFile();
  await insertResults(database, 500, 10);
  await writeFile(file, "", { mode: 0o666 });
  await leaveCheckpoint(file);
  await using handle = await open(file);
  expect((await handle.stat()).mode & 0o777).toBe(0o600);
});
