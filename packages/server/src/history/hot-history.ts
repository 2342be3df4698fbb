// The history in memory of one process: loads it at the start, follows what is committed meanwhile and after, keeps it
// within its age and its budget, and writes a checkpoint for the next start. Whoever asks it waits for what was committed
// before the question, so that an answer from memory never knows less than one from the database.

import { type Clock, sleep } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { HistoryStore } from "@truechimer/history";
import type { Logger } from "@truechimer/telemetry";
import { type CheckpointKeeper, createCheckpointKeeper } from "./checkpoint/checkpoint-keeper.ts";
import { type ChunkReader, createChunkReader } from "./chunk-reader.ts";
import type { HistorySettings } from "./history-settings.ts";
import { type CheckpointUse, LoadRun } from "./load-run.ts";
import type { LoadProgress } from "./load-state.ts";

export interface HotHistoryOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: HistorySettings;
  /** Default: threads that read the database. */
  readonly createReader?: () => ChunkReader;
}

export interface HotHistory extends AsyncDisposable {
  readonly store: HistoryStore;
  /** Begins to load and to follow; returns at once. */
  start(): void;
  progress(): LoadProgress;
  /** What became of the checkpoint at the start. */
  readonly checkpoint: CheckpointUse;
  readonly memoryBytesMax: number;
  /**
   * The store with everything that was committed before the call. Absent: it cannot be known just now, ask the database.
   */
  current(): Promise<HistoryStore | undefined>;
}

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
  readonly #keeper: CheckpointKeeper | undefined;
  #load: LoadRun;
  /** Ends the load that a failover has overtaken. */
  #overtaking = new AbortController();
  /** The look that begins next, for all who ask meanwhile; and the one under way. */
  #nextLook: Promise<boolean> | undefined;
  #looking: Promise<boolean> = Promise.resolve(false);

  constructor(options: HotHistoryOptions) {
    this.#options = options;
    const { checkpointFile: file } = options.settings;
    this.#keeper = file === undefined ? undefined : createCheckpointKeeper({ ...options, file });
    this.#load = this.#createLoad(file);
  }

  get store(): HistoryStore {
    return this.#load.store;
  }

  get checkpoint(): CheckpointUse {
    return this.#load.checkpoint;
  }

  get memoryBytesMax(): number {
    return this.#options.settings.memoryBytesMax;
  }

  progress(): LoadProgress {
    return {
      ...this.#load.load.progressAt(Number(this.#options.clock.monotonicNs() / NS_PER_MS)),
      // Eviction has moved it on since.
      horizonUs: this.store.horizonUs,
    };
  }

  start(): void {
    this.#run(this.#load.run());
    this.#run(this.#keepFollowing());
    this.#run(this.#keepEvicting());
    if (this.#keeper !== undefined)
      this.#run(this.#keeper.run(() => this.#load, this.#stopping.signal));
  }

  async current(): Promise<HistoryStore | undefined> {
    const isCurrent = await this.#look();
    return isCurrent ? this.store : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
    await this.#looking;
    await this.#keeper?.writeLast(this.#load);
  }

  #run(work: Promise<unknown>): void {
    this.#running.push(
      work.catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#options.logger.error({ error }, "the history in memory has stopped");
      }),
    );
  }

  #createLoad(checkpointFile: string | undefined): LoadRun {
    this.#overtaking.abort();
    this.#overtaking = new AbortController();
    const { database } = this.#options;
    const url = database.pool.options.connectionString ?? "";
    return new LoadRun(
      { createReader: () => createChunkReader({ url }), ...this.#options, checkpointFile },
      AbortSignal.any([this.#stopping.signal, this.#overtaking.signal]),
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
    const load = this.#load;
    if (load.follower === undefined || this.#stopping.signal.aborted) return false;
    try {
      if ((await load.follower.catchUp()) === "caught_up") return true;
      this.#options.logger.warn({}, "commits may have been missed: the history is loaded anew");
      this.#load = this.#createLoad(undefined);
      this.#run(this.#load.run());
      return false;
    } catch (error) {
      this.#options.logger.debug({ error }, "new results could not be read");
      return false;
    }
  }

  async #keepFollowing(): Promise<void> {
    const { settings } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const isCurrent = await this.#look();
      const isBegun = this.#load.follower !== undefined;
      await this.#pause(isCurrent || !isBegun ? settings.followMs : FOLLOW_RETRY_MS);
    }
  }

  async #keepEvicting(): Promise<void> {
    const { clock, settings } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await this.#pause(EVICT_EVERY_MS);
      const nowUs = Number(clock.nowNs() / NS_PER_US);
      if (Number.isFinite(settings.retentionMs))
        this.store.evictBefore(nowUs - settings.retentionMs * US_PER_MS);
      this.#load.keepBudget();
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(this.#options.clock, ms, this.#stopping.signal).catch(() => undefined);
  }
}
