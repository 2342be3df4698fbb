// How the history comes into memory at a start: a bar on a terminal, and a line when it has ended.

import { type Clock, sleep } from "@truechimer/base";
import type { Server } from "@truechimer/server";
import type { Progress } from "./progress.ts";

type Load = NonNullable<ReturnType<Server["historyLoad"]>>;

const SUBJECT = "history";
const REDRAWN_EVERY_MS = 100;
const CELLS = 20;
const MS_PER_SECOND = 1_000;
const LOADING: ReadonlySet<Load["phase"]> = new Set([
  "idle",
  "hot_loading",
  "hot_ready",
  "filling",
]);

export interface LoadTelling {
  readonly server: Pick<Server, "historyLoad">;
  readonly progress: Progress;
  readonly clock: Clock;
}

/** Beside what goes on; ends with the stack at the latest. */
export function tellLoadUntilClosed(stack: AsyncDisposableStack, telling: LoadTelling): void {
  const closing = new AbortController();
  const told = tellLoad(telling, closing.signal);
  stack.defer(async () => {
    closing.abort();
    await told;
  });
}

/** Tells until the load has ended, or is told to end. */
export async function tellLoad(
  { server, progress, clock }: LoadTelling,
  signal: AbortSignal,
): Promise<void> {
  let load = server.historyLoad();
  while (load !== undefined && LOADING.has(load.phase) && !signal.aborted) {
    progress.show(SUBJECT, load.phase === "idle" ? "" : loadBar(load));
    await sleep(clock, REDRAWN_EVERY_MS, signal).catch(() => undefined);
    load = server.historyLoad();
  }
  progress.show(SUBJECT, "");
  if (load === undefined || signal.aborted) return;
  const { phase, reason, rows, rowsRestored } = load;
  if (phase === "complete" && rows === 0) return;
  progress.say(SUBJECT, loadSentence(load), {
    state: phase,
    ...(reason === "" ? {} : { reason }),
    rows,
    rows_restored: rowsRestored,
    took_s: secondsOf(load),
  });
}

/** "████████░░░░░░░░░░░░ 40 % of 10,000,000 results, 12 s left" */
export function loadBar({ rows, rowsWanted, etaMs }: Load): string {
  const share = rowsWanted === 0 ? 0 : Math.min(1, rows / rowsWanted);
  const full = Math.floor(share * CELLS);
  const bar = "█".repeat(full) + "░".repeat(CELLS - full);
  const left = etaMs === undefined ? "" : `, ${Math.ceil(etaMs / MS_PER_SECOND)} s left`;
  return `${bar} ${Math.floor(share * 100)} % of ${countText(rowsWanted)} results${left}`;
}

/** What has become of it. */
export function loadSentence(load: Load): string {
  const { phase, reason, rows, rowsRestored, errorCode } = load;
  const seconds = secondsOf(load).toFixed(1);
  const restored =
    rowsRestored === 0 ? "" : `, ${countText(rowsRestored)} of them from the checkpoint`;
  const held = `${countText(rows)} results in memory after ${seconds} s${restored}`;
  if (phase === "complete") return held;
  if (phase === "complete_capped") return `${held}: as many as the memory budget allows`;
  if (phase === "degraded")
    return `${held}; a part could not be read (${reason}): the database answers for it`;
  return `could not be read into memory (${errorCode === "" ? reason : errorCode}): the database answers`;
}

function secondsOf({ sinceMs, startedMs }: Load): number {
  return Math.max(0, sinceMs - startedMs) / MS_PER_SECOND;
}

function countText(count: number): string {
  return Math.round(count).toLocaleString("en");
}
