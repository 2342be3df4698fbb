// The history in memory of one process: loads it at the start, follows what is committed meanwhile and after, and keeps
// it within its age and its budget. Whoever asks it waits for what was committed before the question, so that an answer
// from memory never knows less than one from the database.

import { AppError, type Clock, sleep } from "@truechimer/base";
import { type Database, timestamptzFromNs } from "@truechimer/database";
import {
  BYTES_PER_ROW,
  createHistoryStore,
  type HistoryStore,
  type Measurement,
  packRows,
} from "@truechimer/history";
import type { Logger } from "@truechimer/telemetry";
import { sql } from "kysely";
import { type ChunkReader, createChunkReader } from "./chunk-reader.ts";
import { followResults, type ResultsFollower } from "./follow-results.ts";
import type { HistorySettings } from "./history-settings.ts";
import { type LoadAction, type LoadProgress, type LoadStart, StartupLoad } from "./load-state.ts";

export interface HotHistoryOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: HistorySettings;
  /** Default: a thread that reads the database. */
  readonly createReader?: () => ChunkReader;
}

export interface HotHistory extends AsyncDisposable {
  readonly store: HistoryStore;
  /** Begins to load and to follow; returns at once. */
  start(): void;
  progress(): LoadProgress;
  readonly memoryBytesMax: number;
  /**
   * The store with everything that was committed before the call. Absent: it cannot be known just now, ask the database.
   */
  current(): Promise<HistoryStore | undefined>;
}

/** An index by server and by monitor, and a share of the block's room for rows to come. */
const BYTES_PER_ROW_WITH_INDEX: number = BYTES_PER_ROW + 2;
const EVICT_EVERY_MS = 60_000;
const FOLLOW_RETRY_MS = 1_000;
const NS_PER_MS = 1_000_000n;
const NS_PER_US = 1_000n;
const US_PER_MS = 1_000;

export function createHotHistory(options: HotHistoryOptions): HotHistory {
  return new MemoryHistory(options);
}

class MemoryHistory implements HotHistory {
  readonly #options: HotHistoryOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  #store: HistoryStore = createHistoryStore();
  #load: StartupLoad;
  #follower: ResultsFollower | undefined;
  /** The look that begins next, for all who ask meanwhile; and the one under way. */
  #nextLook: Promise<boolean> | undefined;
  #looking: Promise<boolean> = Promise.resolve(false);
  /** Counts the loads, so that one that was overtaken by a failover ends. */
  #generation = 0;

  constructor(options: HotHistoryOptions) {
    this.#options = options;
    this.#load = new StartupLoad(options.settings);
  }

  get store(): HistoryStore {
    return this.#store;
  }

  get memoryBytesMax(): number {
    return this.#options.settings.memoryBytesMax;
  }

  progress(): LoadProgress {
    return {
      ...this.#load.progressAt(this.#nowMs()),
      // Eviction has moved it on since.
      horizonUs: this.#store.horizonUs,
    };
  }

  start(): void {
    this.#run(this.#beginLoad());
    this.#run(this.#keepFollowing());
    this.#run(this.#keepEvicting());
  }

  async current(): Promise<HistoryStore | undefined> {
    const isCurrent = await this.#look();
    return isCurrent ? this.#store : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
    await this.#looking;
  }

  #run(work: Promise<unknown>): void {
    this.#running.push(
      work.catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#options.logger.error({ error }, "the history in memory has stopped");
      }),
    );
  }

  /** A look that begins after the call: whoever asks while one is under way shares the next. */
  #look(): Promise<boolean> {
    this.#nextLook ??= this.#looking.then(() => {
      this.#nextLook = undefined;
      this.#looking = this.#catchUp();
      return this.#looking;
    });
    return this.#nextLook;
  }

  async #catchUp(): Promise<boolean> {
    if (this.#follower === undefined || this.#stopping.signal.aborted) return false;
    try {
      if ((await this.#follower.catchUp()) === "caught_up") return true;
      this.#options.logger.warn({}, "commits may have been missed: the history is loaded anew");
      this.#follower = undefined;
      this.#run(this.#beginLoad());
      return false;
    } catch (error) {
      this.#options.logger.debug({ error }, "new results could not be read");
      return false;
    }
  }

  async #keepFollowing(): Promise<void> {
    const { clock, settings } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const isCurrent = await this.#look();
      const pauseMs =
        isCurrent || this.#follower === undefined ? settings.followMs : FOLLOW_RETRY_MS;
      await this.#pause(clock, pauseMs);
    }
  }

  async #keepEvicting(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(this.#options.clock, EVICT_EVERY_MS);
      const { retentionMs } = this.#options.settings;
      if (Number.isFinite(retentionMs))
        this.#store.evictBefore(this.#nowUs() - retentionMs * US_PER_MS);
      this.#keepBudget();
    }
  }

  async #pause(clock: Clock, ms: number): Promise<void> {
    await sleep(clock, ms, this.#stopping.signal).catch(() => undefined);
  }

  #take(rows: readonly Measurement[]): void {
    for (const packed of packRows(rows)) this.#store.add(packed);
    this.#keepBudget();
  }

  #keepBudget(): void {
    this.#store.evictToBytes(this.#options.settings.memoryBytesMax);
  }

  async #beginLoad(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const isOver = (): boolean => this.#stopping.signal.aborted || this.#generation !== generation;
    this.#store = createHistoryStore();
    this.#load = new StartupLoad(this.#options.settings);
    const { database, createReader } = this.#options;
    const url = database.pool.options.connectionString ?? "";
    await using reader = createReader?.() ?? createChunkReader({ url });
    // The place in the order of commits first: what is committed from here on comes by it, and all else is loaded.
    const load = this.#load;
    const beganMs = this.#nowMs();
    let start: LoadStart | undefined;
    while (start === undefined && !isOver()) {
      try {
        this.#follower = await followResults(database, (rows) => this.#take(rows));
        start = await this.#findStart();
      } catch (error) {
        this.#options.logger.warn({ error }, "the history cannot be loaded yet");
        if (this.#nowMs() - beganMs >= this.#options.settings.reconnectMs) {
          load.giveUp(this.#nowMs(), error instanceof AppError ? error.code : "failed");
          this.#tell(load);
          return;
        }
        await this.#pause(this.#options.clock, FOLLOW_RETRY_MS);
      }
    }
    if (start !== undefined) await this.#runLoad(load, reader, { start, isOver });
  }

  async #runLoad(
    load: StartupLoad,
    reader: ChunkReader,
    { start, isOver }: { readonly start: LoadStart; readonly isOver: () => boolean },
  ): Promise<void> {
    let action: LoadAction = load.begin(this.#nowMs(), start);
    this.#tell(load);
    while (action.kind !== "end" && !isOver()) {
      action = await this.#act(load, reader, { action, isOver });
      this.#tell(load);
    }
  }

  async #act(
    load: StartupLoad,
    reader: ChunkReader,
    {
      action,
      isOver,
    }: {
      readonly action: Exclude<LoadAction, { kind: "end" }>;
      readonly isOver: () => boolean;
    },
  ): Promise<LoadAction> {
    if (action.kind === "wait") {
      await this.#pause(this.#options.clock, action.delayMs);
      return load.waited(this.#nowMs());
    }
    const report = await this.#untilStopped(reader.read(action));
    if (report === undefined || isOver()) return { kind: "end" };
    if (report.kind === "failed") {
      const { code, lost, message } = report;
      this.#options.logger.warn({ code, message }, "a chunk of the history could not be read");
      return load.failed(this.#nowMs(), { code, lost });
    }
    for (const packed of report.packed) this.#store.add(packed);
    const next = load.chunk(this.#nowMs(), { ...report, rowsFree: this.#rowsFree() });
    this.#store.extendHorizon(load.progress.horizonUs);
    return next;
  }

  async #untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    const stopped = Promise.withResolvers<undefined>();
    const stop = (): void => stopped.resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #findStart(): Promise<LoadStart> {
    const { database } = this.#options;
    const { rows } = await sql<{ readonly oldest_us: number | null; readonly estimated: number }>`
      select (select (extract(epoch from ts) * 1000000)::float8 from log_scores order by ts limit 1) as oldest_us,
        (select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8
         from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'log_scores'::regclass) as estimated`.execute(database.kysely);
    return {
      nowUs: this.#nowUs(),
      oldestUs: rows[0]?.oldest_us ?? undefined,
      rowsEstimated: rows[0]?.estimated ?? 0,
      rowsFree: this.#rowsFree(),
    };
  }

  #rowsFree(): number {
    const free = this.#options.settings.memoryBytesMax - this.#store.bytes;
    return Math.max(0, Math.floor(free / BYTES_PER_ROW_WITH_INDEX));
  }

  #tell(load: StartupLoad): void {
    for (const change of load.takeChanges()) {
      this.#options.logger.info(
        {
          state: change.phase,
          reason: change.reason,
          rows: change.rows,
          seconds: (change.sinceMs - change.startedMs) / 1_000,
          horizon: Number.isFinite(change.horizonUs) ? instantText(change.horizonUs) : null,
          coverage: change.coverage,
        },
        `history: ${change.phase}`,
      );
    }
  }

  #nowMs(): number {
    return Number(this.#options.clock.monotonicNs() / NS_PER_MS);
  }

  #nowUs(): number {
    return Number(this.#options.clock.nowNs() / NS_PER_US);
  }
}

function instantText(us: number): string {
  return timestamptzFromNs(BigInt(us) * NS_PER_US);
}
