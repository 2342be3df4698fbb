// Starts, crashes, clean stops, lost connections and results that are committed meanwhile, in any order, on a real
// database: at the end there is in memory what is in the database, each row once.

import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import type { HotHistory } from "../src/history/hot-history.ts";
import {
  clearResults,
  heldRows,
  insertResults,
  SMALL,
  startHistory,
  storedRows,
  WAIT,
  whenOver,
} from "./_history.ts";

const database = await useDatabase();

const RUNS = 4;
const STEPS_MAX = 10;
const TIMEOUT_MS = 240_000;
const DAYS = 14;

type Step =
  | { readonly kind: "stop" | "crash" | "cut" | "complete" }
  | { readonly kind: "insert"; readonly rows: number; readonly days: number }
  | { readonly kind: "load"; readonly rows: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ kind: "stop" }, { kind: "crash" }, { kind: "cut" }, { kind: "complete" }),
  fc.record({
    kind: fc.constant("insert" as const),
    rows: fc.integer({ min: 1, max: 400 }),
    days: fc.double({ min: 0.01, max: 13, noNaN: true }),
  }),
  fc.record({ kind: fc.constant("load" as const), rows: fc.integer({ min: 1, max: 1_500 }) }),
);

test(
  "whatever a start is interrupted by, the next one knows every row once",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: STEPS_MAX }), async (steps) => {
        const directory = await mkdtemp(join(tmpdir(), "truechimer-crashes-"));
        try {
          await clearResults(database);
          await insertResults(database, 2_000, 12);
          await new Run(join(directory, "history.checkpoint")).take(steps);
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      }),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);

class Run {
  readonly #file: string;
  #history: HotHistory;

  constructor(file: string) {
    this.#file = file;
    this.#history = this.#start();
  }

  async take(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      await this.#take(each);
      await expectKnown(this.#history);
    }
    await expectComplete(this.#history);
    await this.#history[Symbol.asyncDispose]();
  }

  async #take(each: Step): Promise<void> {
    if (each.kind === "insert") await insertResults(database, each.rows, each.days);
    if (each.kind === "complete") await whenOver(this.#history);
    if (each.kind === "load") await this.#whenLoaded(each.rows);
    if (each.kind === "cut") await cutConnections();
    if (each.kind === "stop") await this.#restart();
    if (each.kind === "crash") {
      // A process that dies writes nothing: what its end has written is taken back.
      await copyFile(this.#file, `${this.#file}.before`).catch(() => undefined);
      await this.#history[Symbol.asyncDispose]();
      await rm(this.#file, { force: true });
      await copyFile(`${this.#file}.before`, this.#file).catch(() => undefined);
      this.#history = this.#start();
    }
  }

  #start(): HotHistory {
    return startHistory(database, { ...SMALL, checkpointFile: this.#file, checkpointEveryMs: 20 });
  }

  async #restart(): Promise<void> {
    await this.#history[Symbol.asyncDispose]();
    this.#history = this.#start();
  }

  async #whenLoaded(rows: number): Promise<void> {
    await vi.waitFor(() => expectLoaded(this.#history, rows), WAIT);
  }
}

/** Whenever it can be known, what is in memory from the horizon on is what there is. */
async function expectKnown(history: HotHistory): Promise<void> {
  const store = await history.current();
  if (store === undefined || !Number.isFinite(store.horizonUs)) return;
  const held = heldRows(store).filter(({ values }) => Number(values[2]) >= store.horizonUs);
  const stored = await storedRows(database, DAYS);
  expect(held).toEqual(stored.slice(-held.length || Number.POSITIVE_INFINITY));
}

async function expectComplete(history: HotHistory): Promise<void> {
  expect(await whenOver(history)).toBe("complete");
  const store = await history.current();
  expect(store && heldRows(store)).toEqual(await storedRows(database, DAYS));
}

function expectLoaded(history: HotHistory, rows: number): void {
  const { rows: loaded, phase } = history.progress();
  expect(loaded >= rows || phase === "complete").toBe(true);
}

async function cutConnections(): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'truechimer history'`.execute(
    database.kysely,
  );
}
