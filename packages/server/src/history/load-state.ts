// How the history comes into memory at a start, as one state machine. It reads nothing itself: each input says what has
// happened, each answer what is to be done next. One thing is done at a time, so that the background fill cannot begin
// before the hot load has ended.
//
//   idle ─► hot_loading ─► hot_ready ─► filling ─► complete | complete_capped | degraded
//                 │             └─► complete | complete_capped: nothing is left to fill
//                 └─► failed: an error before the hot window was in memory
//
// idle: nothing was asked for yet. hot_loading: the newest rows come, chunk by chunk; from the first one on questions
// within the horizon are answered from memory. hot_ready: the hot window is in memory. filling: older days come, newest
// first. complete: all of the retention is in memory. complete_capped: as much of it as the memory budget allows, on
// purpose. degraded: a day is missing, or too few rows came. failed: the hot window could not be loaded; the database
// answers. The last four are final until the next start.

import { assert } from "@truechimer/base";

export type LoadPhase =
  | "idle"
  | "hot_loading"
  | "hot_ready"
  | "filling"
  | "complete"
  | "complete_capped"
  | "degraded"
  | "failed";

/** Why a load ended as it did. Empty: as it should. */
export type LoadReason =
  | ""
  | "memory_budget"
  | "database_lost"
  | "read_failed"
  | "windows_missing"
  | "coverage_low";

export interface LoadSettings {
  /** Loaded before anything else. 0: all of the retention at once. */
  readonly hotWindowMs: number;
  /** Infinity: everything. */
  readonly retentionMs: number;
  /** Rows present of rows expected, below which a load is degraded. */
  readonly coverageMin: number;
  /** How long a lost connection is tried again. */
  readonly reconnectMs: number;
  readonly chunkRowsFirst: number;
  readonly chunkRows: number;
}

/** Microseconds since 1970; `toUs` is not part of it, and may be infinite. */
export interface LoadWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface LoadCursor {
  readonly atUs: number;
  readonly id: number;
}

/** What to do next. */
export type LoadAction =
  | {
      readonly kind: "read";
      readonly window: LoadWindow;
      readonly before: LoadCursor | undefined;
      readonly rowsMax: number;
      /** Count what is left of the window behind this chunk. */
      readonly counts: boolean;
      /** What will be read once this window is; may be begun already. Absent: unknown, or nothing. */
      readonly ahead: LoadWindow | undefined;
    }
  | { readonly kind: "wait"; readonly delayMs: number }
  | { readonly kind: "end" };

/** What a start finds. */
export interface LoadStart {
  /** Wall clock. */
  readonly nowUs: number;
  /** Time of the oldest result. Absent: there is none. */
  readonly oldestUs: number | undefined;
  /** About how many there are within the retention, for the time that is left. */
  readonly rowsEstimated: number;
  /** Rows that the memory budget has room for. */
  readonly rowsFree: number;
}

/** What a chunk brought. */
export interface LoadedChunk {
  /** Rows read, those that were in memory already included. */
  readonly rows: number;
  /** The oldest of them. Absent: there were none. */
  readonly oldest: LoadCursor | undefined;
  /** Rows of the window behind it; where it was to be counted. */
  readonly remaining: number | undefined;
  readonly rowsFree: number;
}

export interface LoadFailure {
  /** The connection is gone, rather than the question refused. */
  readonly lost: boolean;
  /** Coded, for people. */
  readonly code: string;
}

export interface LoadProgress {
  readonly phase: LoadPhase;
  readonly reason: LoadReason;
  /** Code of the last failure. Empty: none. */
  readonly errorCode: string;
  /** Monotonic milliseconds at which the phase began, and the load. */
  readonly sinceMs: number;
  readonly startedMs: number;
  /** Everything from here on is in memory. Infinity: nothing yet. */
  readonly horizonUs: number;
  /** Rows read by the load; what comes in live does not count. */
  readonly rows: number;
  /** Of them those that came from a checkpoint. */
  readonly rowsRestored: number;
  /** Rows of what has been looked at so far, counted by the database. */
  readonly rowsExpected: number;
  /** Before the end at least as many as there are about: what a progress bar ends at. */
  readonly rowsWanted: number;
  /** `rows` of `rowsExpected`, 1 when nothing was expected. */
  readonly coverage: number;
  readonly rowsPerSecond: number;
  /** Absent: it cannot be told, or it is over. */
  readonly etaMs: number | undefined;
  /** Windows that could not be read, newest first. */
  readonly missing: readonly LoadWindow[];
  /** Where the memory budget ended the load. Absent: it did not. */
  readonly cappedAtUs: number | undefined;
}

export const FINAL_PHASES: ReadonlySet<LoadPhase> = new Set([
  "complete",
  "complete_capped",
  "degraded",
  "failed",
]);

const US_PER_MS = 1_000;
const MS_PER_SECOND = 1_000;
/** At most a day, which is a partition, and at most about so many rows: what two threads may hold for each other. */
const FILL_WINDOW_US_MAX = 86_400_000_000;
const FILL_WINDOW_ROWS = 500_000;
/** Of a window that is refused, in all; one second after the first, then twice as long each time. */
const WINDOW_ATTEMPTS = 4;
const RETRY_MS_FIRST = 1_000;
const RECONNECT_MS_FIRST = 250;
const RECONNECT_MS_MAX = 5_000;
/** Fewer rows than this are not worth a chunk: the budget is used up. */
const CAPPED_BELOW_ROWS = 1_000;

export class StartupLoad {
  readonly #settings: LoadSettings;
  readonly #changes: LoadProgress[] = [];
  #phase: LoadPhase = "idle";
  #reason: LoadReason = "";
  #errorCode = "";
  #nowMs = 0;
  #sinceMs = 0;
  #startedMs = 0;
  #horizonUs = Number.POSITIVE_INFINITY;
  #floorUs = Number.NEGATIVE_INFINITY;
  /** What is older than the oldest row is empty, and so is loaded. */
  #retainedFromUs = Number.NEGATIVE_INFINITY;
  #window: LoadWindow = { fromUs: 0, toUs: 0 };
  #fillWindowUs = FILL_WINDOW_US_MAX;
  #before: LoadCursor | undefined;
  /** Of the window: whether its rest was counted, and what is still expected of it. */
  #remaining: number | undefined;
  #chunksOfWindow = 0;
  #rowsAsked = 0;
  #attempts = 0;
  #lostMs: number | undefined;
  #reconnects = 0;
  #rows = 0;
  #rowsExpected = 0;
  #rowsRestored = 0;
  #rowsEstimated = 0;
  #rowsFree = Number.POSITIVE_INFINITY;
  #missing: LoadWindow[] = [];
  #cappedAtUs: number | undefined;

  constructor(settings: LoadSettings) {
    this.#settings = settings;
  }

  get progress(): LoadProgress {
    return this.progressAt(this.#nowMs);
  }

  /** Rates and what is left are of this moment; monotonic milliseconds. */
  progressAt(nowMs: number): LoadProgress {
    const rowsPerSecond = this.#rate(nowMs);
    return {
      phase: this.#phase,
      reason: this.#reason,
      errorCode: this.#errorCode,
      sinceMs: this.#sinceMs,
      startedMs: this.#startedMs,
      horizonUs: this.#horizonUs,
      rows: this.#rows,
      rowsRestored: this.#rowsRestored,
      rowsExpected: this.#rowsExpected,
      rowsWanted: this.#rowsWanted(),
      coverage: this.#coverage(),
      rowsPerSecond,
      etaMs: this.#etaMs(rowsPerSecond),
      missing: this.#missing,
      cappedAtUs: this.#cappedAtUs,
    };
  }

  /** Each change of phase since the last call, with how far the load had come then. */
  takeChanges(): readonly LoadProgress[] {
    return this.#changes.splice(0);
  }

  /** Nothing older is looked at. */
  get floorUs(): number {
    return this.#floorUs;
  }

  /** Monotonic `atMs` of what happens, here and below. */
  begin(atMs: number, start: LoadStart): LoadAction {
    assert(this.#phase === "idle", `a load that is ${this.#phase} was begun`);
    this.#startedMs = atMs;
    this.#nowMs = atMs;
    const { hotWindowMs, retentionMs } = this.#settings;
    this.#rowsEstimated = start.rowsEstimated;
    this.#rowsFree = start.rowsFree;
    this.#retainedFromUs = Number.isFinite(retentionMs) ? start.nowUs - retentionMs * US_PER_MS : 0;
    this.#floorUs = Math.max(this.#retainedFromUs, start.oldestUs ?? start.nowUs);
    const rowsADay =
      (start.rowsEstimated * FILL_WINDOW_US_MAX) / Math.max(1, start.nowUs - this.#floorUs);
    this.#fillWindowUs = Math.floor(
      FILL_WINDOW_US_MAX / Math.max(1, Math.ceil(rowsADay / FILL_WINDOW_ROWS)),
    );
    const hotFromUs = hotWindowMs > 0 ? start.nowUs - hotWindowMs * US_PER_MS : this.#floorUs;
    this.#enter("hot_loading");
    this.#openWindow({
      fromUs: Math.max(this.#floorUs, hotFromUs),
      toUs: Number.POSITIVE_INFINITY,
    });
    return this.#read();
  }

  chunk(atMs: number, chunk: LoadedChunk): LoadAction {
    this.#nowMs = atMs;
    this.#settle();
    this.#rows += chunk.rows;
    this.#rowsFree = chunk.rowsFree;
    this.#chunksOfWindow += 1;
    const isOver = chunk.rows < this.#rowsAsked || chunk.oldest === undefined;
    this.#expect(chunk, isOver);
    this.#before = chunk.oldest ?? this.#before;
    this.#moveHorizon(
      isOver || chunk.oldest === undefined ? this.#window.fromUs : chunk.oldest.atUs + 1,
    );
    if (isOver) return this.#endWindow();
    return this.#isFull() ? this.#endCapped() : this.#read();
  }

  /** All of the window came from elsewhere, and the database has vouched for it. */
  restored(atMs: number, { rows, rowsFree }: Pick<LoadedChunk, "rows" | "rowsFree">): LoadAction {
    this.#nowMs = atMs;
    this.#settle();
    this.#rows += rows;
    this.#rowsExpected += rows;
    this.#rowsRestored += rows;
    this.#rowsFree = rowsFree;
    this.#moveHorizon(this.#window.fromUs);
    return this.#endWindow();
  }

  failed(atMs: number, failure: LoadFailure): LoadAction {
    this.#nowMs = atMs;
    this.#errorCode = failure.code;
    return failure.lost ? this.#connectionLost() : this.#refused();
  }

  waited(atMs: number): LoadAction {
    this.#nowMs = atMs;
    return this.#read();
  }

  /** The database was not to be had at all. */
  giveUp(atMs: number, code: string): LoadAction {
    this.#nowMs = atMs;
    this.#errorCode = code;
    return this.#end("failed", "database_lost");
  }

  /** A connection that answers is not lost any more. */
  #settle(): void {
    this.#lostMs = undefined;
    this.#reconnects = 0;
    this.#attempts = 0;
    this.#errorCode = "";
  }

  #connectionLost(): LoadAction {
    this.#lostMs ??= this.#nowMs;
    if (this.#nowMs - this.#lostMs >= this.#settings.reconnectMs) {
      return this.#end(this.#phase === "hot_loading" ? "failed" : "degraded", "database_lost");
    }
    const delayMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_FIRST * 2 ** this.#reconnects);
    this.#reconnects += 1;
    return { kind: "wait", delayMs };
  }

  #refused(): LoadAction {
    if (this.#phase === "hot_loading") return this.#end("failed", "read_failed");
    this.#attempts += 1;
    if (this.#attempts < WINDOW_ATTEMPTS) {
      return { kind: "wait", delayMs: RETRY_MS_FIRST * 2 ** (this.#attempts - 1) };
    }
    this.#missing = [...this.#missing, this.#window];
    // What the database did not say is taken to be a window like the others.
    if (this.#remaining === undefined) this.#rowsExpected += this.#rowsOfUnknownWindow();
    return this.#nextWindow();
  }

  #rowsOfUnknownWindow(): number {
    const windows = Math.max(1, (this.#window.toUs - this.#floorUs) / this.#fillWindowUs);
    const left = Math.max(0, this.#rowsEstimated - this.#rowsExpected);
    return Math.max(1, Math.round(left / windows));
  }

  /** The rest of a window is counted once, and again where it was begun anew. */
  #expect({ rows, remaining }: LoadedChunk, isOver: boolean): void {
    if (this.#remaining === undefined) {
      this.#rowsExpected += rows;
      if (remaining === undefined) return;
      this.#rowsExpected += remaining;
      this.#remaining = remaining;
      return;
    }
    // Counted in the same snapshot: more cannot come. After a new connection it can, and then it was expected too.
    const beyond = Math.max(0, rows - this.#remaining);
    this.#rowsExpected += beyond;
    this.#remaining = isOver ? this.#remaining : Math.max(0, this.#remaining - rows);
  }

  #moveHorizon(us: number): void {
    // Behind a hole the horizon stays.
    if (this.#missing.length === 0) this.#horizonUs = Math.min(this.#horizonUs, us);
  }

  #endWindow(): LoadAction {
    if (this.#phase === "hot_loading") this.#enter("hot_ready");
    return this.#isFull() && this.#window.fromUs > this.#floorUs
      ? this.#endCapped()
      : this.#nextWindow();
  }

  #nextWindow(): LoadAction {
    const toUs = this.#window.fromUs;
    if (toUs <= this.#floorUs) return this.#endOfHistory();
    if (this.#phase === "hot_ready") {
      assert(
        this.#rows === 0 || Number.isFinite(this.#horizonUs),
        `the fill begins with ${this.#rows} rows in memory and no horizon`,
      );
      this.#enter("filling");
    }
    this.#openWindow(this.#windowBefore(toUs));
    return this.#read();
  }

  #windowBefore(toUs: number): LoadWindow {
    return { fromUs: Math.max(this.#floorUs, toUs - this.#fillWindowUs), toUs };
  }

  #endOfHistory(): LoadAction {
    this.#moveHorizon(this.#retainedFromUs);
    if (this.#missing.length > 0) return this.#end("degraded", "windows_missing");
    if (this.#coverage() < this.#settings.coverageMin) return this.#end("degraded", "coverage_low");
    return this.#end("complete", "");
  }

  #endCapped(): LoadAction {
    if (this.#phase === "hot_loading") this.#enter("hot_ready");
    this.#cappedAtUs = this.#horizonUs;
    return this.#end("complete_capped", "memory_budget");
  }

  #end(phase: LoadPhase, reason: LoadReason): LoadAction {
    this.#reason = reason;
    this.#enter(phase);
    return { kind: "end" };
  }

  #openWindow(window: LoadWindow): void {
    this.#window = window;
    this.#before = undefined;
    this.#remaining = undefined;
    this.#chunksOfWindow = 0;
    this.#attempts = 0;
  }

  #read(): LoadAction {
    // The first answer does not wait for a count.
    const counted = this.#phase === "hot_loading" ? 1 : 0;
    this.#rowsAsked = this.#rowsMax();
    return {
      kind: "read",
      window: this.#window,
      before: this.#before,
      rowsMax: this.#rowsAsked,
      counts: this.#remaining === undefined && this.#chunksOfWindow >= counted,
      // Never before the hot load has ended.
      ahead:
        this.#phase === "filling" && this.#window.fromUs > this.#floorUs
          ? this.#windowBefore(this.#window.fromUs)
          : undefined,
    };
  }

  #rowsMax(): number {
    const isFirst = this.#phase === "hot_loading" && this.#chunksOfWindow === 0;
    const { chunkRowsFirst, chunkRows } = this.#settings;
    return Math.min(isFirst ? chunkRowsFirst : chunkRows, Math.max(1, this.#rowsFree));
  }

  #isFull(): boolean {
    return this.#rowsFree < CAPPED_BELOW_ROWS;
  }

  #enter(phase: LoadPhase): void {
    assert(!FINAL_PHASES.has(this.#phase), `a load that is ${this.#phase} became ${phase}`);
    this.#phase = phase;
    this.#sinceMs = this.#nowMs;
    this.#changes.push(this.progress);
  }

  #coverage(): number {
    return this.#rowsExpected === 0 ? 1 : this.#rows / this.#rowsExpected;
  }

  #rate(nowMs: number): number {
    if (this.#phase === "idle") return 0;
    const endMs = FINAL_PHASES.has(this.#phase) ? this.#sinceMs : nowMs;
    const seconds = (endMs - this.#startedMs) / MS_PER_SECOND;
    return seconds > 0 ? this.#rows / seconds : 0;
  }

  #rowsWanted(): number {
    if (FINAL_PHASES.has(this.#phase)) return this.#rowsExpected;
    const wanted = Math.max(this.#rowsExpected, this.#rowsEstimated);
    return Math.max(this.#rows, Math.min(wanted, this.#rows + this.#rowsFree));
  }

  #etaMs(rowsPerSecond: number): number | undefined {
    if (FINAL_PHASES.has(this.#phase) || rowsPerSecond === 0) return undefined;
    return ((this.#rowsWanted() - this.#rows) / rowsPerSecond) * MS_PER_SECOND;
  }
}
