// The start against a database that is an array of commits: chunks, live rows, evictions, failures and crashes in any
// order. Whatever happens, from the horizon on there is every row that was told, once.

import {
  type CopiedRows,
  createHistoryStore,
  type HistoryStore,
  keysOfCopy,
  type Measurement,
  packRows,
  type RowDictionary,
  type RowKey,
} from "@truechimer/history";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LoadAction, type LoadSettings, type LoadWindow, StartupLoad } from "./load-state.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const NOW_US = 20_000 * DAY_US;
const DAYS = 5;
const RUNS = 100;
const TIMEOUT_MS = 120_000;
const STEPS_MAX = 5_000;
const AFTER_ALL: RowKey = { atUs: Number.POSITIVE_INFINITY, id: Number.POSITIVE_INFINITY };
const NO_CHAINS = new Uint16Array(0);

const SETTINGS: LoadSettings = {
  hotWindowMs: DAY_US / 1_000,
  retentionMs: (DAYS * DAY_US) / 1_000,
  coverageMin: 0.9,
  reconnectMs: 1e12,
  chunkRowsFirst: 3,
  chunkRows: 7,
};

interface Row {
  readonly id: number;
  readonly atUs: number;
}

type Step =
  | { readonly kind: "load" | "follow" | "lost" | "refused" | "checkpoint" | "crash" | "restore" }
  | { readonly kind: "commit"; readonly agesH: readonly number[] }
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "evict"; readonly ageH: number };

const ageH = fc.double({ min: 0, max: DAYS * 24 - 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ kind: "load" }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: "follow" }) },
  {
    weight: 3,
    arbitrary: fc
      .array(ageH, { minLength: 1, maxLength: 4 })
      .map((agesH): Step => ({ kind: "commit", agesH })),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "lost" }, { kind: "refused" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>(
      { kind: "crash" },
      { kind: "checkpoint" },
      { kind: "restore" },
    ),
  },
  { weight: 1, arbitrary: ageH.map((at): Step => ({ kind: "evict", ageH: at })) },
  { weight: 1, arbitrary: fc.nat(60).map((at): Step => ({ kind: "delete", at })) },
);

test(
  "no row is there twice, none is lost, and the horizon only moves back until eviction",
  () => {
    fc.assert(
      fc.property(
        fc.array(ageH, { maxLength: 60 }),
        fc.array(step, { maxLength: 60 }),
        (agesH, steps) => {
          const world = new World(agesH);
          for (const each of steps) world.take(each);
          world.finish();
        },
      ),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);

interface Checkpoint {
  readonly copies: readonly CopiedRows[];
  readonly dictionary: RowDictionary;
  readonly horizonUs: number;
  readonly position: number;
}

class World {
  /** In the order of their commits; of a deleted one its place stays. */
  readonly #commits: (Row | undefined)[] = [];
  #store: HistoryStore = createHistoryStore();
  #load = new StartupLoad(SETTINGS);
  #action: LoadAction = { kind: "end" };
  /** Commits that the store was told of. */
  #position = 0;
  /** Of the window that is read: what was committed when its first chunk was. */
  #snapshot: { readonly window: LoadWindow; readonly commits: number } | undefined;
  #fails: "lost" | "refused" | undefined;
  #checkpoint: Checkpoint | undefined;
  #horizonUs = Number.POSITIVE_INFINITY;
  #nowMs = 0;

  constructor(agesH: readonly number[]) {
    this.#commit(agesH);
    this.#begin();
  }

  take(each: Step): void {
    if (each.kind === "load") this.#step();
    if (each.kind === "follow") this.#follow();
    if (each.kind === "commit") this.#commit(each.agesH);
    if (each.kind === "lost" || each.kind === "refused") this.#fails = each.kind;
    if (each.kind === "checkpoint") this.#writeCheckpoint();
    if (each.kind === "crash") this.#begin();
    if (each.kind === "restore") this.#restore();
    if (each.kind === "evict") this.#evict(NOW_US - each.ageH * HOUR_US);
    // Rows are deleted while nothing runs: a running store is told so by nobody.
    if (each.kind === "delete") this.#deleteAndRestart(each.at);
    this.#check();
  }

  finish(): void {
    this.#fails = undefined;
    for (let at = 0; this.#action.kind !== "end" && at < STEPS_MAX; at += 1) {
      this.#step();
      this.#check();
    }
    this.#follow();
    this.#check();
    expectEnd(this.#load, this.#store);
  }

  #begin(): void {
    this.#store = createHistoryStore();
    this.#horizonUs = Number.POSITIVE_INFINITY;
    this.#position = this.#commits.length;
    this.#snapshot = undefined;
    this.#beginLoad();
  }

  #beginLoad(): void {
    this.#load = new StartupLoad(SETTINGS);
    const rows = this.#rowsBefore(this.#commits.length);
    this.#action = this.#load.begin(this.#nowMs, {
      nowUs: NOW_US,
      oldestUs: rows[0]?.atUs,
      rowsEstimated: rows.length,
      rowsFree: 1e9,
    });
  }

  #step(): void {
    const action = this.#action;
    this.#nowMs += 10;
    if (action.kind === "end") return;
    if (action.kind === "wait") this.#action = this.#load.waited(this.#nowMs);
    else if (this.#fails === undefined) this.#read(action);
    else {
      const lost = this.#fails === "lost";
      this.#fails = undefined;
      this.#snapshot = undefined;
      this.#action = this.#load.failed(this.#nowMs, { lost, code: "some_code" });
    }
    this.#store.extendHorizon(this.#load.progress.horizonUs);
  }

  #read({ window, before, rowsMax, counts }: Extract<LoadAction, { kind: "read" }>): void {
    if (this.#snapshot?.window !== window)
      this.#snapshot = { window, commits: this.#commits.length };
    const rest = this.#rowsBefore(this.#snapshot.commits)
      .filter(({ atUs }) => atUs >= window.fromUs && atUs < window.toUs)
      .filter((row) => before === undefined || byKey(row, before) < 0)
      .toReversed();
    const found = rest.slice(0, rowsMax);
    this.#add(found);
    this.#action = this.#load.chunk(this.#nowMs, {
      rows: found.length,
      oldest: found.at(-1),
      remaining: counts ? rest.length - found.length : undefined,
      rowsFree: 1e9,
    });
  }

  #commit(agesH: readonly number[]): void {
    for (const age of agesH) {
      const id = this.#commits.length + 1;
      this.#commits.push({ id, atUs: Math.floor(NOW_US - age * HOUR_US) });
    }
  }

  #follow(): void {
    this.#add(this.#commits.slice(this.#position).filter((row) => row !== undefined));
    this.#position = this.#commits.length;
  }

  #evict(us: number): void {
    this.#store.evictBefore(us);
    this.#horizonUs = this.#store.horizonUs;
  }

  #writeCheckpoint(): void {
    const copies: CopiedRows[] = [];
    let key = AFTER_ALL;
    for (;;) {
      const copied = this.#store.copyBefore(key);
      if (copied === undefined) break;
      copies.push(copied);
      key = keysOfCopy(copied).first;
    }
    const { horizonUs } = this.#store;
    const dictionary = this.#store.dictionary();
    this.#checkpoint = { copies, dictionary, horizonUs, position: this.#position };
  }

  /** As a start does: what was committed since, then window by window what the database vouches for. */
  #restore(): void {
    const checkpoint = this.#checkpoint;
    this.#begin();
    if (checkpoint === undefined) return;
    this.#position = checkpoint.position;
    this.#follow();
    for (const { buffer, ...copied } of checkpoint.copies) {
      const chains = { serverHeads: NO_CHAINS, monitorHeads: NO_CHAINS };
      const own = { buffer: buffer.slice(0), ...copied, ...chains, ...checkpoint.dictionary };
      this.#store.add(own, this.#load.floorUs);
    }
    while (this.#action.kind === "read" && this.#action.before === undefined) {
      const { window } = this.#action;
      if (window.fromUs < checkpoint.horizonUs) break;
      const rows = this.#rowsBefore(this.#commits.length).filter(
        ({ atUs }) => atUs >= window.fromUs && atUs < window.toUs,
      ).length;
      if (this.#store.count(window) !== rows) break;
      this.#action = this.#load.restored(this.#nowMs, { rows, rowsFree: 1e9 });
      this.#store.extendHorizon(this.#load.progress.horizonUs);
    }
    // What nobody has vouched for.
    if (this.#action.kind === "read")
      this.#store.drop({ fromUs: this.#load.floorUs, toUs: this.#action.window.toUs });
  }

  #deleteAndRestart(at: number): void {
    if (at < this.#commits.length) this.#commits[at] = undefined;
    this.#restore();
  }

  #add(rows: readonly Row[]): void {
    for (const packed of packRows(rows.map(measurementOf))) this.#store.add(packed);
  }

  #rowsBefore(commits: number): readonly Row[] {
    return this.#commits
      .slice(0, commits)
      .filter((row) => row !== undefined)
      .toSorted(byKey);
  }

  #check(): void {
    const { horizonUs } = this.#store;
    expectHeld(this.#store, {
      horizonUsMax: this.#horizonUs,
      told: this.#rowsBefore(this.#position),
      known: this.#rowsBefore(this.#commits.length),
    });
    this.#horizonUs = horizonUs;
  }
}

function expectEnd(load: StartupLoad, store: HistoryStore): void {
  const { phase, coverage } = load.progress;
  expect(["complete", "degraded", "failed"]).toContain(phase);
  if (phase !== "complete") return;
  expect(coverage).toBe(1);
  expect(store.horizonUs).toBeLessThan(Number.POSITIVE_INFINITY);
}

/** All that was told is there from the horizon on; what was committed since may be there, or not yet. */
function expectHeld(
  store: HistoryStore,
  {
    horizonUsMax,
    told,
    known,
  }: {
    readonly horizonUsMax: number;
    readonly told: readonly Row[];
    readonly known: readonly Row[];
  },
): void {
  const { horizonUs } = store;
  expect(horizonUs).toBeLessThanOrEqual(horizonUsMax);
  const held: Row[] = [];
  const window = { fromUs: horizonUs, toUs: Number.POSITIVE_INFINITY };
  store.scan(window, ({ id, atUs }) => held.push({ id, atUs }));
  const ids = new Set(held.map(({ id }) => id));
  expect(ids.size).toBe(held.length);
  expect(told.filter(({ id, atUs }) => atUs >= horizonUs && !ids.has(id))).toEqual([]);
  const knownIds = new Set(known.map(({ id }) => id));
  expect(held.filter(({ id }) => !knownIds.has(id))).toEqual([]);
  expect(held).toEqual(held.toSorted(byKey));
}

function byKey(a: Row, b: Row): number {
  return a.atUs - b.atUs || a.id - b.id;
}

function measurementOf({ id, atUs }: Row): Measurement {
  return {
    id,
    atUs,
    serverId: 1 + (id % 3),
    monitorId: 1 + (id % 2),
    offsetNs: id,
    boundNs: 1,
    rttNs: 1,
    score: 20,
    step: 1,
    stratum: 2,
    leap: 0,
    reason: "",
    noResponse: false,
    hasEvidence: false,
    samplesSent: 1,
    samplesAnswered: 1,
  };
}
