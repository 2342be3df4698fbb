// One load of the history into a store of its own: from the checkpoint as far as the database vouches for it, the rest
// from the database, while what is committed meanwhile comes in by the order of commits.

import { setImmediate as immediate } from "node:timers/promises";
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
import type { CheckpointRefusal } from "./checkpoint/read-checkpoint.ts";
import { openWarmStart, type WarmStart } from "./checkpoint/warm-start.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { followResults, type ResultsFollower } from "./follow-results.ts";
import type { HistorySettings } from "./history-settings.ts";
import { type LoadAction, type LoadStart, StartupLoad } from "./load-state.ts";

export interface LoadRunOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: HistorySettings;
  readonly createReader: () => ChunkReader;
  /** Absent: nothing is looked for. */
  readonly checkpointFile: string | undefined;
}

/** What became of the checkpoint. none: there is none to be used. failed: the database could not be asked about it. */
export type CheckpointUse = "none" | "used" | "failed" | CheckpointRefusal;

/** An index by server and by monitor, and a share of the block's room for rows to come. */
const BYTES_PER_ROW_WITH_INDEX: number = BYTES_PER_ROW + 2;
const RETRY_MS = 1_000;
const NS_PER_MS = 1_000_000n;
const NS_PER_US = 1_000n;
const MS_PER_SECOND = 1_000;

export class LoadRun {
  readonly store: HistoryStore = createHistoryStore();
  readonly load: StartupLoad;
  /** Absent: it is not known yet from where on. */
  follower: ResultsFollower | undefined;
  checkpoint: CheckpointUse = "none";
  readonly #options: LoadRunOptions;
  readonly #signal: AbortSignal;
  #warm: WarmStart | undefined;

  constructor(options: LoadRunOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.load = new StartupLoad(options.settings);
  }

  /** Resolves when the load has ended, well or not, or was aborted. */
  async run(): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const reader = stack.use(this.#options.createReader());
    stack.defer(async () => await this.#endWarmStart());
    const start = await this.#begin();
    if (start === undefined) return;
    let action: LoadAction = this.load.begin(this.#nowMs(), start);
    this.#tell();
    while (action.kind !== "end" && !this.#signal.aborted) {
      action = await this.#act(action, reader);
      this.#tell();
    }
  }

  /** Rows that were committed since. */
  take(rows: readonly Measurement[]): void {
    for (const packed of packRows(rows)) this.store.add(packed);
    this.#warm?.noteRows(rows);
    this.keepBudget();
  }

  keepBudget(): void {
    this.store.evictToBytes(this.#options.settings.memoryBytesMax);
  }

  /** The place in the order of commits first: what is committed from there on comes by it, and all else is loaded. */
  async #begin(): Promise<LoadStart | undefined> {
    const { database, logger, settings } = this.#options;
    const beganMs = this.#nowMs();
    while (!this.#signal.aborted) {
      try {
        await this.#openCheckpoint();
        this.follower ??= await followResults(database, (rows) => this.take(rows));
        return await this.#findStart();
      } catch (error) {
        logger.warn({ error }, "the history cannot be loaded yet");
        if (this.#nowMs() - beganMs >= settings.reconnectMs) {
          this.load.giveUp(this.#nowMs(), error instanceof AppError ? error.code : "failed");
          this.#tell();
          return undefined;
        }
        await sleep(this.#options.clock, RETRY_MS, this.#signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #openCheckpoint(): Promise<void> {
    const { checkpointFile: file, database, logger } = this.#options;
    if (file === undefined || this.#warm !== undefined) return;
    const opening = await openWarmStart({
      file,
      database,
      store: this.store,
      take: (rows) => this.take(rows),
      rowsFree: () => this.#rowsFree(),
      pause: async () => await immediate(),
    });
    this.checkpoint = opening.kind === "open" ? "used" : opening.reason;
    if (opening.kind === "refused") {
      logger.info({ reason: opening.reason }, "history: no checkpoint is used");
      return;
    }
    this.#warm = opening.warm;
    this.follower = opening.warm.follower;
  }

  async #act(
    action: Exclude<LoadAction, { kind: "end" }>,
    reader: ChunkReader,
  ): Promise<LoadAction> {
    if (action.kind === "wait") {
      await sleep(this.#options.clock, action.delayMs, this.#signal).catch(() => undefined);
      return this.load.waited(this.#nowMs());
    }
    return (await this.#restore(action)) ?? (await this.#read(action, reader));
  }

  async #restore(action: Extract<LoadAction, { kind: "read" }>): Promise<LoadAction | undefined> {
    const { window, before, ahead } = action;
    if (this.#warm === undefined || before !== undefined) return undefined;
    const rows = await this.#warm.restore(window, { floorUs: this.load.floorUs, ahead });
    if (this.#signal.aborted) return { kind: "end" };
    if (this.#warm.isOver) await this.#endWarmStart();
    if (rows === undefined) return undefined;
    const next = this.load.restored(this.#nowMs(), { rows, rowsFree: this.#rowsFree() });
    this.store.extendHorizon(this.load.progress.horizonUs);
    return next;
  }

  async #read(
    action: Extract<LoadAction, { kind: "read" }>,
    reader: ChunkReader,
  ): Promise<LoadAction> {
    // What is read ahead would be older than what is dropped of a checkpoint meanwhile.
    const request = this.#warm === undefined ? action : { ...action, ahead: undefined };
    const report = await this.#untilStopped(reader.read(request));
    if (report === undefined) return { kind: "end" };
    if (report.kind === "failed") {
      const { code, lost, message } = report;
      this.#options.logger.warn({ code, message }, "a chunk of the history could not be read");
      return this.load.failed(this.#nowMs(), { code, lost });
    }
    for (const packed of report.packed) this.store.add(packed);
    const next = this.load.chunk(this.#nowMs(), { ...report, rowsFree: this.#rowsFree() });
    this.store.extendHorizon(this.load.progress.horizonUs);
    // What was read ahead is there at once: others have their turn between two chunks.
    await immediate();
    return next;
  }

  async #endWarmStart(): Promise<void> {
    const warm = this.#warm;
    this.#warm = undefined;
    await warm?.[Symbol.asyncDispose]();
  }

  async #untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
    const stopped = Promise.withResolvers<undefined>();
    const stop = (): void => stopped.resolve(undefined);
    if (this.#signal.aborted) return undefined;
    this.#signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work, stopped.promise]);
    } finally {
      this.#signal.removeEventListener("abort", stop);
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
      nowUs: Number(this.#options.clock.nowNs() / NS_PER_US),
      oldestUs: rows[0]?.oldest_us ?? undefined,
      rowsEstimated: rows[0]?.estimated ?? 0,
      rowsFree: this.#rowsFree(),
    };
  }

  #rowsFree(): number {
    const free = this.#options.settings.memoryBytesMax - this.store.bytes;
    return Math.max(0, Math.floor(free / BYTES_PER_ROW_WITH_INDEX));
  }

  #tell(): void {
    for (const change of this.load.takeChanges()) {
      this.#options.logger.info(
        {
          state: change.phase,
          reason: change.reason,
          rows: change.rows,
          restored: change.rowsRestored,
          seconds: (change.sinceMs - change.startedMs) / MS_PER_SECOND,
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
}

function instantText(us: number): string {
  return timestamptzFromNs(BigInt(us) * NS_PER_US);
}
