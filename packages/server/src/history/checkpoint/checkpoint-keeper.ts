// Writes checkpoints: at intervals while the history is whole, and once more at a clean stop.

import { AppError, assert, type Clock, sleep } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Logger } from "@truechimer/telemetry";
import { sql } from "kysely";
import type { HistorySettings } from "../history-settings.ts";
import type { LoadRun } from "../load-run.ts";
import { FINAL_PHASES } from "../load-state.ts";
import { type CheckpointSource, removeUnfinished, writeCheckpoint } from "./write-checkpoint.ts";

export interface CheckpointKeeper {
  /** Until aborted; `current` is the load whose store is in use. */
  run(current: () => LoadRun, signal: AbortSignal): Promise<void>;
  /** For the next start. Gives up before those who stop us lose patience; the one before then stays. */
  writeLast(load: LoadRun): Promise<void>;
}

export interface CheckpointKeeperOptions {
  readonly file: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: Pick<HistorySettings, "checkpointEveryMs">;
}

/** Of a stop, which has 8 s for all. */
const LAST_MS_MAX = 5_000;

export function createCheckpointKeeper(options: CheckpointKeeperOptions): CheckpointKeeper {
  const { file, database, clock, logger, settings } = options;
  let origin: CheckpointSource["database"] | undefined;
  /** Of the newest checkpoint; nothing has changed since while it is the same. */
  let written: string | undefined;

  const write = async (load: LoadRun, signal: AbortSignal): Promise<void> => {
    const { store, follower } = load;
    const isWhole = FINAL_PHASES.has(load.load.progress.phase) && Number.isFinite(store.horizonUs);
    if (!isWhole || follower === undefined || origin === undefined) return;
    const { position } = follower;
    if (position.snapshot === written) return;
    const startedNs = clock.monotonicNs();
    try {
      const rows = await writeCheckpoint(file, { store, position, database: origin }, signal);
      written = position.snapshot;
      const seconds = Number(clock.monotonicNs() - startedNs) / 1e9;
      logger.debug({ rows, seconds }, "history: checkpoint written");
    } catch (cause) {
      if (signal.aborted) return;
      const message = `no checkpoint could be written to ${file}: the next start will read the database instead`;
      logger.warn({ error: new AppError("directory_unwritable", message, { cause }) }, message);
    }
  };

  return {
    run: async (current, signal) => {
      await removeUnfinished(file);
      while (!signal.aborted) {
        await sleep(clock, settings.checkpointEveryMs, signal).catch(() => undefined);
        if (signal.aborted) return;
        origin ??= await readOrigin(database).catch(() => undefined);
        await write(current(), signal);
      }
    },
    writeLast: async (load) => {
      origin ??= await readOrigin(database).catch(() => undefined);
      const limit = new AbortController();
      const cancel = clock.setTimer(LAST_MS_MAX, () => limit.abort());
      await write(load, limit.signal);
      cancel();
    },
  };
}

async function readOrigin({ kysely }: Database): Promise<CheckpointSource["database"]> {
  const { rows } = await sql<CheckpointSource["database"]>`
    select (select oid::text from pg_database where datname = current_database()) as database,
      (select max(version)::text from schema_migrations) as schema`.execute(kysely);
  const [row] = rows;
  assert(row !== undefined, "a select without a table gives a row");
  return row;
}
