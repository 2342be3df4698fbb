// One look at the database for all who watch: what was committed since the last look is read once, and handed to each
// watcher, whose filter decides. Nobody watching, nothing is asked.

import { AppError, sleep } from "@truechimer/base";
import {
  currentResultsPosition,
  type ResultsPosition,
  readCommittedResults,
} from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { createEncodedChecks, type EncodedChecks } from "./encoded-checks.ts";
import { type LiveRow, liveRows } from "./live-rows.ts";

/** New rows are told within 250 ms of their commit: two looks and their reading. */
const LOOK_MS = 80;
const RETRY_MS = 1_000;
/** Each holds a connection and a buffer. */
const WATCHERS_MAX = 500;

/** Told of each look that found something; and of having to begin anew. */
export interface Watcher {
  readonly rows: (rows: readonly LiveRow[], position: ResultsPosition) => void;
  readonly lost: (position: ResultsPosition) => void;
}

export interface LiveFeed {
  /** Resolves with where it begins: every row that was committed later is told. Ends with the returned function. */
  readonly join: (
    watcher: Watcher,
  ) => Promise<{ readonly position: ResultsPosition; readonly leave: () => void }>;
  /** Checks of binary answers, encoded once for all streams. */
  readonly encoded: EncodedChecks;
  /** Scorers, whose results are no checks. */
  readonly scorerIds: () => Promise<readonly bigint[]>;
}

export function createLiveFeed(context: ServerContext): LiveFeed {
  const { kysely } = context.database;
  const watchers = new Set<Watcher>();
  let position: ResultsPosition | undefined;
  let running: Promise<void> | undefined;
  let beginning: Promise<ResultsPosition> | undefined;

  const scorerIds = async (): Promise<readonly bigint[]> => {
    const rows = await kysely
      .selectFrom("monitors")
      .select("id")
      .where("type", "=", "score")
      .execute();
    return rows.map(({ id }) => id);
  };

  const look = async (exceptMonitorIds: readonly bigint[]): Promise<void> => {
    if (position === undefined) return;
    const page = await readCommittedResults(kysely, position, { exceptMonitorIds });
    if (page.kind === "lost") {
      const anew = await currentResultsPosition(kysely);
      position = anew;
      for (const watcher of watchers) watcher.lost(anew);
      return;
    }
    const rows = await liveRows(kysely, page, exceptMonitorIds);
    position = page.position;
    for (const watcher of watchers) watcher.rows(rows, page.position);
  };

  const run = async (): Promise<void> => {
    let except: readonly bigint[] | undefined;
    while (watchers.size > 0) {
      let waitMs = LOOK_MS;
      try {
        except ??= await scorerIds();
        await look(except);
      } catch (error) {
        if (watchers.size === 0) break;
        context.logger.warn({ error }, "live feed could not read");
        waitMs = RETRY_MS;
      }
      await sleep(context.clock, waitMs);
    }
    position = undefined;
    beginning = undefined;
    running = undefined;
  };

  return {
    encoded: createEncodedChecks(),
    scorerIds,
    join: async (watcher) => {
      if (watchers.size >= WATCHERS_MAX) {
        throw new AppError(
          "limit_exceeded",
          `more than ${WATCHERS_MAX} streams of results: close one, or ask another replica`,
        );
      }
      watchers.add(watcher);
      const leave = (): void => {
        watchers.delete(watcher);
      };
      try {
        // Others may move it on before this one is told of it: what it returns is never behind what it delivers.
        const begun = position ?? (await (beginning ??= currentResultsPosition(kysely)));
        position ??= begun;
        running ??= run();
        return { position: begun, leave };
      } catch (error) {
        beginning = undefined;
        leave();
        throw error;
      }
    },
  };
}
