// One look at the database for all who watch: what was committed since the last look is read once, with what their filters
// ask for, and filtered once for all of one filter. Nobody watching, nothing is asked.

import { AppError, sleep } from "@truechimer/base";
import {
  currentResultsPosition,
  type ResultsPage,
  type ResultsPosition,
  readCommittedResults,
} from "@truechimer/database";
import type { Column } from "@truechimer/filter";
import type { ServerContext } from "../context.ts";
import { createEncodedChecks, type EncodedChecks } from "./encoded-checks.ts";
import type { LiveFilter } from "./live-filter.ts";
import { type LiveRow, liveRows } from "./live-rows.ts";

/** From one look to the next. New rows are told within 250 ms of their commit: two looks and their reading. */
const LOOK_MS = 80;
/** After a look that took longer: others have their turn. */
const PAUSE_MS_MIN = 20;
const RETRY_MS = 1_000;
/** Each holds a connection and a buffer. */
const WATCHERS_MAX = 500;
const NS_PER_MS = 1_000_000n;

/** In one answer: some 200 KB. */
export const ANSWER_CHECKS_MAX = 1_000;

/** Told of each look; and of having to begin anew. */
export interface Watcher {
  readonly filter: LiveFilter;
  /**
   * What has passed the filter, at most `ANSWER_CHECKS_MAX` at a time: of one look to all with that filter the same
   * arrays.
   */
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

  const wantedColumns = (): ReadonlySet<Column> =>
    new Set([...watchers].flatMap(({ filter }) => [...filter.columns]));

  const rowsOf = async (
    page: ResultsPage,
    exceptMonitorIds: readonly bigint[],
  ): Promise<readonly LiveRow[]> => {
    for (;;) {
      const columns = wantedColumns();
      const rows = await liveRows(kysely, page, { exceptMonitorIds, columns });
      // Whoever has joined meanwhile is told of them as well.
      if (wantedColumns().isSubsetOf(columns)) return rows;
    }
  };

  /** False: there is more already. */
  const look = async (exceptMonitorIds: readonly bigint[]): Promise<boolean> => {
    if (position === undefined) return true;
    const page = await readCommittedResults(kysely, position, { exceptMonitorIds });
    if (page.kind === "lost") {
      const anew = await currentResultsPosition(kysely);
      position = anew;
      for (const watcher of watchers) watcher.lost(anew);
      return true;
    }
    const rows = await rowsOf(page, exceptMonitorIds);
    position = page.position;
    handOut(watchers, rows, page.position);
    return page.complete;
  };

  const nowMs = (): number => Number(context.clock.monotonicNs() / NS_PER_MS);

  const run = async (): Promise<void> => {
    let except: readonly bigint[] | undefined;
    while (watchers.size > 0) {
      const begunMs = nowMs();
      let waitMs = PAUSE_MS_MIN;
      try {
        except ??= await scorerIds();
        if (await look(except)) waitMs = Math.max(waitMs, LOOK_MS - (nowMs() - begunMs));
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

/** Each filter is applied once, whoever has it. */
function handOut(
  watchers: ReadonlySet<Watcher>,
  rows: readonly LiveRow[],
  position: ResultsPosition,
): void {
  const passed = new Map<string, readonly (readonly LiveRow[])[]>();
  for (const { filter, rows: take } of watchers) {
    const known = passed.get(filter.text);
    const parts = known ?? answersOf(filter.passing(rows));
    if (known === undefined) passed.set(filter.text, parts);
    for (const part of parts) take(part, position);
  }
}

/** At least one, so that the position is told. */
function answersOf(rows: readonly LiveRow[]): readonly (readonly LiveRow[])[] {
  if (rows.length <= ANSWER_CHECKS_MAX) return [rows];
  return Array.from({ length: Math.ceil(rows.length / ANSWER_CHECKS_MAX) }, (_, part) =>
    rows.slice(part * ANSWER_CHECKS_MAX, (part + 1) * ANSWER_CHECKS_MAX),
  );
}
