// Each branch of the start, and the defects of the start that we learned from (numbered as in its list).

import { describe, expect, test } from "vitest";
import {
  FINAL_PHASES,
  type LoadAction,
  type LoadedChunk,
  type LoadSettings,
  type LoadStart,
  StartupLoad,
} from "./load-state.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const DAY_MS = 86_400_000;
const NOW_US = 20_000 * DAY_US;

const SETTINGS: LoadSettings = {
  hotWindowMs: DAY_MS,
  retentionMs: 14 * DAY_MS,
  coverageMin: 0.9,
  reconnectMs: 60_000,
  chunkRowsFirst: 50,
  chunkRows: 100,
};

interface World {
  /** Times of the rows that the database has. */
  readonly rowsUs: readonly number[];
  /** Answers a failure instead of a chunk. */
  readonly fails?: (read: Read, reads: number) => "lost" | "refused" | undefined;
  readonly rowsFreeMax?: number;
  /** Rows that are counted and do not come. */
  readonly withheld?: (us: number) => boolean;
}

type Read = Extract<LoadAction, { kind: "read" }>;

interface Told {
  readonly phases: readonly string[];
  readonly reads: readonly Read[];
  readonly horizons: readonly number[];
  readonly load: StartupLoad;
  readonly loadedUs: readonly number[];
}

function rowsOverDays(count: number, days: number): readonly number[] {
  return Array.from({ length: count }, (_, at) =>
    Math.floor(NOW_US - (days * DAY_US * (at + 0.5)) / count),
  ).toReversed();
}

/** Runs a load against an array, with as many milliseconds as it asks to wait. */
function run(world: World, settings: Partial<LoadSettings> = {}): Told {
  const load = new StartupLoad({ ...SETTINGS, ...settings });
  const phases: string[] = [];
  const reads: Read[] = [];
  const horizons: number[] = [];
  const loadedUs: number[] = [];
  let nowMs = 1_000;
  const retainedUs = settings.retentionMs ?? SETTINGS.retentionMs;
  const held = world.rowsUs.filter((us) => us >= NOW_US - retainedUs * 1_000);
  const free = (): number => (world.rowsFreeMax ?? 1e9) - loadedUs.length;
  const start: LoadStart = {
    nowUs: NOW_US,
    oldestUs: world.rowsUs[0],
    rowsEstimated: held.length,
    rowsFree: free(),
  };
  let action = load.begin(nowMs, start);
  while (action.kind !== "end") {
    expect(reads.length).toBeLessThan(10_000);
    phases.push(...load.takeChanges().map(({ phase }) => phase));
    if (action.kind === "wait") {
      nowMs += action.delayMs;
      action = load.waited(nowMs);
      continue;
    }
    nowMs += 10;
    const failure = world.fails?.(action, reads.length);
    reads.push(action);
    if (failure !== undefined) {
      action = load.failed(nowMs, { lost: failure === "lost", code: `${failure}_code` });
      continue;
    }
    const chunk = answerTo(world, action);
    loadedUs.push(...chunk.us);
    action = load.chunk(nowMs, { ...chunk.told, rowsFree: free() });
    horizons.push(load.progress.horizonUs);
  }
  phases.push(...load.takeChanges().map(({ phase }) => phase));
  return { phases, reads, horizons, load, loadedUs };
}

function answerTo(
  { rowsUs, withheld }: World,
  { window, before, rowsMax, counts }: Read,
): { readonly us: readonly number[]; readonly told: Omit<LoadedChunk, "rowsFree"> } {
  const inWindow = rowsUs
    .map((atUs, id) => ({ atUs, id }))
    .filter(({ atUs }) => atUs >= window.fromUs && atUs < window.toUs)
    .filter(({ atUs }) => before === undefined || atUs < before.atUs)
    .toReversed();
  const found = inWindow.filter(({ atUs }) => withheld?.(atUs) !== true).slice(0, rowsMax);
  return {
    us: found.map(({ atUs }) => atUs),
    told: {
      rows: found.length,
      oldest: found.at(-1),
      remaining: counts ? inWindow.length - found.length : undefined,
    },
  };
}

describe("the start", () => {
  test("goes from the newest rows to the oldest, and ends complete at the retention", () => {
    const rowsUs = rowsOverDays(1_000, 20);
    const { phases, load, loadedUs, reads } = run({ rowsUs });
    expect(phases).toEqual(["hot_loading", "hot_ready", "filling", "complete"]);
    expect(loadedUs).toEqual(rowsUs.filter((us) => us >= NOW_US - 14 * DAY_US).toReversed());
    expect(load.progress).toMatchObject({
      horizonUs: NOW_US - 14 * DAY_US,
      coverage: 1,
      reason: "",
      rows: 700,
    });
    // Defect 1: the first chunk served is the newest part.
    expect(reads[0]).toMatchObject({ before: undefined, rowsMax: 50, counts: false });
    expect(loadedUs[0]).toBe(rowsUs.at(-1));
  });

  test("publishes a horizon after every chunk, which only moves back (defect 2)", () => {
    const { horizons, reads } = run({ rowsUs: rowsOverDays(2_000, 3) });
    expect(horizons).toHaveLength(reads.length);
    expect(horizons.every(Number.isFinite)).toBe(true);
    expect(horizons.every((us, at) => at === 0 || us <= (horizons[at - 1] as number))).toBe(true);
  });

  test("loads all of the retention at once where there is no hot window, and fills nothing", () => {
    const { phases, load } = run({ rowsUs: rowsOverDays(400, 20) }, { hotWindowMs: 0 });
    expect(phases).toEqual(["hot_loading", "hot_ready", "complete"]);
    // Defect 16: held against what is within the retention, and gated.
    expect(load.progress).toMatchObject({ rows: 280, rowsExpected: 280, coverage: 1 });
  });

  test("of an empty database is complete", () => {
    for (const hotWindowMs of [0, DAY_MS]) {
      const { phases, load } = run({ rowsUs: [] }, { hotWindowMs });
      expect(phases).toEqual(["hot_loading", "hot_ready", "complete"]);
      expect(load.progress).toMatchObject({ horizonUs: NOW_US - 14 * DAY_US, coverage: 1 });
    }
  });

  test("loads everything where the retention is unlimited (defect 17)", () => {
    const rowsUs = rowsOverDays(500, 100);
    const { phases, loadedUs } = run({ rowsUs }, { retentionMs: Number.POSITIVE_INFINITY });
    expect(phases.at(-1)).toBe("complete");
    expect(loadedUs).toEqual(rowsUs.toReversed());
  });

  test("fills only after the hot load has ended, and never past the last chunk of it", () => {
    const { reads } = run({ rowsUs: rowsOverDays(1_400, 14) });
    const hot = reads.filter(({ window }) => window.toUs === Number.POSITIVE_INFINITY);
    expect(reads.slice(0, hot.length)).toEqual(hot);
    const fills = reads.slice(hot.length);
    expect(fills[0]?.window.toUs).toBe(hot[0]?.window.fromUs);
    for (const [at, { window }] of fills.entries()) {
      const next = fills[at + 1]?.window ?? window;
      expect(next.toUs === window.toUs || next.toUs === window.fromUs).toBe(true);
    }
  });
});

describe("a memory budget", () => {
  test("that is reached is no failure, in either phase (defects 3 and 4), and keeps the newest", () => {
    const rowsUs = rowsOverDays(14_000, 14);
    for (const rowsFreeMax of [1_200, 5_000]) {
      const { phases, load, loadedUs } = run({ rowsUs, rowsFreeMax });
      expect(phases.slice(0, 2)).toEqual(["hot_loading", "hot_ready"]);
      expect(phases.at(-1)).toBe("complete_capped");
      expect(load.progress).toMatchObject({ reason: "memory_budget" });
      expect(load.progress.cappedAtUs).toBe(load.progress.horizonUs);
      expect(loadedUs.length).toBeLessThanOrEqual(rowsFreeMax);
      expect(loadedUs).toEqual(rowsUs.slice(-loadedUs.length).toReversed());
    }
  });

  test("that is used up by the last row of the retention is complete", () => {
    const { phases } = run({ rowsUs: rowsOverDays(900, 10), rowsFreeMax: 1_950 });
    expect(phases.at(-1)).toBe("complete");
  });
});

describe("an error", () => {
  test("before the first chunk ends it failed, with nothing said to be there (defect 11)", () => {
    const { phases, load } = run({ rowsUs: rowsOverDays(10, 1), fails: () => "refused" });
    expect(phases).toEqual(["hot_loading", "failed"]);
    expect(load.progress).toMatchObject({
      reason: "read_failed",
      errorCode: "refused_code",
      horizonUs: Number.POSITIVE_INFINITY,
      rows: 0,
    });
  });

  test("in the middle of the hot load ends it failed; what is there stays, with its horizon", () => {
    const rowsUs = rowsOverDays(500, 1);
    const { phases, load, loadedUs } = run({
      rowsUs,
      fails: (_, reads) => (reads === 2 ? "refused" : undefined),
    });
    expect(phases).toEqual(["hot_loading", "failed"]);
    expect(load.progress.horizonUs).toBe((loadedUs.at(-1) as number) + 1);
    expect(loadedUs).toHaveLength(150);
  });

  test("of one day is tried again with growing pauses, then told as missing; the horizon stays", () => {
    const holeToUs = NOW_US - 4 * DAY_US;
    const isHole = ({ window }: Read): boolean => window.toUs === holeToUs;
    const { phases, load, reads, loadedUs } = run({
      rowsUs: rowsOverDays(1_400, 14),
      fails: (read) => (isHole(read) ? "refused" : undefined),
    });
    expect(phases.at(-1)).toBe("degraded");
    expect(load.progress).toMatchObject({
      reason: "windows_missing",
      missing: [{ fromUs: holeToUs - DAY_US, toUs: holeToUs }],
      horizonUs: holeToUs,
    });
    expect(reads.filter(isHole)).toHaveLength(4);
    expect(loadedUs).toHaveLength(1_300);
    expect(load.progress.coverage).toBeCloseTo(13 / 14, 1);
  });

  test("of one day that passes leaves nothing missing", () => {
    let failures = 0;
    const { phases, load } = run({
      rowsUs: rowsOverDays(1_400, 14),
      fails: (read) => {
        const fails = read.window.toUs === NOW_US - 4 * DAY_US && failures < 3;
        failures += fails ? 1 : 0;
        return fails ? "refused" : undefined;
      },
    });
    expect(failures).toBe(3);
    expect(phases.at(-1)).toBe("complete");
    expect(load.progress).toMatchObject({ rows: 1_400, coverage: 1, errorCode: "" });
  });

  test("that loses the connection for good is failed before the hot window is there, degraded after", () => {
    const rowsUs = rowsOverDays(1_400, 14);
    const early = run({ rowsUs, fails: (_, reads) => (reads > 0 ? "lost" : undefined) });
    expect(early.phases).toEqual(["hot_loading", "failed"]);
    const late = run({ rowsUs, fails: (_, reads) => (reads > 6 ? "lost" : undefined) });
    expect(late.phases).toEqual(["hot_loading", "hot_ready", "filling", "degraded"]);
    for (const { load } of [early, late]) expect(load.progress.reason).toBe("database_lost");
    // Tried for a minute, not for ever and not at full speed.
    expect(early.reads.length).toBeGreaterThan(10);
    expect(early.reads.length).toBeLessThan(30);
  });

  test("that loses the connection for a while loses no row and begins nothing anew", () => {
    const rowsUs = rowsOverDays(1_400, 14);
    const { phases, loadedUs, load } = run({
      rowsUs,
      fails: (_, reads) => (reads % 5 > 2 ? "lost" : undefined),
    });
    expect(phases.at(-1)).toBe("complete");
    expect(loadedUs).toEqual(rowsUs.toReversed());
    expect(load.progress.coverage).toBe(1);
  });

  test("that keeps the database away from the beginning ends it failed", () => {
    const load = new StartupLoad(SETTINGS);
    load.giveUp(60_000, "database_unreachable");
    expect(load.progress).toMatchObject({ phase: "failed", reason: "database_lost" });
  });
});

describe("coverage", () => {
  test("is rows that came of rows that were counted, and degrades below the gate", () => {
    const rowsUs = rowsOverDays(2_800, 14);
    const few = run({ rowsUs, withheld: (us) => us < NOW_US - 2 * DAY_US && us % 5 === 0 });
    // The times are spread evenly enough for a fifth of them.
    expect(few.load.progress.coverage).toBeLessThan(1);
    const gate = few.load.progress.coverage;
    const below = run(
      { rowsUs, withheld: (us) => us < NOW_US - 2 * DAY_US && us % 5 === 0 },
      { coverageMin: gate + 0.001 },
    );
    expect(below.load.progress).toMatchObject({ phase: "degraded", reason: "coverage_low" });
    const above = run(
      { rowsUs, withheld: (us) => us < NOW_US - 2 * DAY_US && us % 5 === 0 },
      { coverageMin: gate - 0.001 },
    );
    expect(above.load.progress).toMatchObject({ phase: "complete", reason: "" });
  });

  test("and progress go by rows, with a rate and a time that is left (defects 14 and 15)", () => {
    const load = new StartupLoad(SETTINGS);
    load.begin(0, { nowUs: NOW_US, oldestUs: 0, rowsEstimated: 1_000, rowsFree: 1e9 });
    const oldest = { atUs: NOW_US - 1, id: 1 };
    load.chunk(1_000, { rows: 50, oldest, remaining: undefined, rowsFree: 1e9 });
    expect(load.progress).toMatchObject({ rowsPerSecond: 50, etaMs: 19_000 });
    expect(load.progressAt(2_000).rowsPerSecond).toBe(25);
  });

  test("counts no row that came in live, which could hide a day that is missing (defect 9)", () => {
    const holeToUs = NOW_US - 4 * DAY_US;
    const load = new StartupLoad({ ...SETTINGS, coverageMin: 0.99 });
    let action = load.begin(0, {
      nowUs: NOW_US,
      oldestUs: NOW_US - 6 * DAY_US,
      rowsEstimated: 600,
      rowsFree: 1e9,
    });
    // Each window has 40 rows, but for the one that nobody can read.
    for (let nowMs = 0; action.kind !== "end"; nowMs += 60_000) {
      if (action.kind === "wait") action = load.waited(nowMs);
      else if (action.window.toUs === holeToUs)
        action = load.failed(nowMs, { lost: false, code: "refused_code" });
      else {
        const oldest = { atUs: action.window.fromUs, id: 1 };
        action = load.chunk(nowMs, { rows: 40, oldest, remaining: 0, rowsFree: 1e9 });
      }
    }
    const { rows, rowsExpected, coverage } = load.progress;
    expect(rows).toBe(200);
    expect(rowsExpected).toBeGreaterThan(200);
    expect(coverage).toBe(rows / rowsExpected);
    expect(load.progress.phase).toBe("degraded");
  });
});

describe("the invariant", () => {
  test("of rows in memory and no horizon when the fill begins is an assertion", () => {
    const load = new StartupLoad(SETTINGS);
    load.begin(0, { nowUs: NOW_US, oldestUs: Number.NaN, rowsEstimated: 1, rowsFree: 1e9 });
    const chunk = { rows: 1, oldest: undefined, remaining: undefined, rowsFree: 1e9 };
    expect(() => load.chunk(1, chunk)).toThrow(
      /the fill begins with 1 rows in memory and no horizon/,
    );
  });
});

describe("a checkpoint", () => {
  test("brings whole windows, which count as read, expected and restored", () => {
    const load = new StartupLoad(SETTINGS);
    let action = load.begin(0, {
      nowUs: NOW_US,
      oldestUs: NOW_US - 3 * DAY_US,
      rowsEstimated: 30,
      rowsFree: 1e9,
    });
    for (let at = 1; at < 3; at += 1) action = load.restored(at, { rows: 10, rowsFree: 1e9 });
    expect(action).toMatchObject({ kind: "read", window: { toUs: NOW_US - 2 * DAY_US } });
    load.chunk(5, { rows: 10, oldest: undefined, remaining: undefined, rowsFree: 1e9 });
    expect(load.progress).toMatchObject({
      phase: "complete",
      rows: 30,
      rowsRestored: 20,
      coverage: 1,
    });
  });

  test("that fills the memory ends the load as the database's rows do", () => {
    const load = new StartupLoad(SETTINGS);
    load.begin(0, { nowUs: NOW_US, oldestUs: 0, rowsEstimated: 30, rowsFree: 1e9 });
    expect(load.restored(1, { rows: 10, rowsFree: 10 })).toEqual({ kind: "end" });
    expect(load.progress).toMatchObject({
      phase: "complete_capped",
      horizonUs: NOW_US - DAY_US,
    });
  });
});

describe("what is read ahead", () => {
  test("is the next window of the fill, no longer than a day, and none before the hot load has ended", () => {
    const { reads } = run({ rowsUs: rowsOverDays(1_400, 14) });
    const hot = reads.filter(({ window }) => window.toUs === Number.POSITIVE_INFINITY);
    expect(hot.every(({ ahead }) => ahead === undefined)).toBe(true);
    const fills = reads.slice(hot.length);
    const windows = [...new Set(fills.map(({ window }) => window))];
    for (const { window, ahead } of fills) {
      expect(window.toUs - window.fromUs).toBeLessThanOrEqual(DAY_US);
      expect(ahead).toEqual(windows[windows.indexOf(window) + 1]);
    }
  });

  test("of a day with millions of rows is a part of it", () => {
    const load = new StartupLoad(SETTINGS);
    const oldestUs = NOW_US - 10 * DAY_US;
    load.begin(0, { nowUs: NOW_US, oldestUs, rowsEstimated: 20_000_000, rowsFree: 1e9 });
    const chunk = { rows: 1, oldest: undefined, remaining: undefined, rowsFree: 1e9 };
    expect(load.chunk(1, chunk)).toMatchObject({
      window: { fromUs: NOW_US - 1.25 * DAY_US, toUs: NOW_US - DAY_US },
    });
  });
});

describe("the phases", () => {
  test("of every end are final, and an end says since when (defect 10)", () => {
    const ends = [
      run({ rowsUs: [] }),
      run({ rowsUs: rowsOverDays(9_000, 9), rowsFreeMax: 2_000 }),
      run({ rowsUs: rowsOverDays(9, 1), fails: () => "lost" }),
    ];
    for (const { load } of ends) {
      const { phase, sinceMs, etaMs } = load.progressAt(1e9);
      expect(FINAL_PHASES.has(phase)).toBe(true);
      expect(sinceMs).toBeGreaterThan(1_000);
      expect(etaMs).toBeUndefined();
      expect(() => load.giveUp(2e9, "late")).toThrow("assertion failed");
    }
  });

  test("a load is begun once", () => {
    const { load } = run({ rowsUs: [] });
    const start = { nowUs: NOW_US, oldestUs: undefined, rowsEstimated: 0, rowsFree: 1 };
    expect(() => load.begin(0, start)).toThrow("assertion failed");
  });
});
