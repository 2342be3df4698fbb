// Keeps the loops of this process going: each asks for its period a few times in it, with some jitter so that replicas
// do not all ask at once.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { type Loop, runLoopOnce } from "./loop.ts";

/** Shortest and longest time between two questions whether a period has come. */
const ASK_MS_MIN = 250;
const ASK_MS_MAX = 15_000;
const PAUSE_MS_MAX = 30_000;
const ASKS_A_PERIOD = 4;
const JITTER = 0.2;

/** Disposing ends the questions and waits for runs that are under way. */
export function startLoops(context: ServerContext, loops: readonly Loop[]): AsyncDisposable {
  const stop = new AbortController();
  const running = loops.map((loop) => keepRunning(context, loop, stop.signal));
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await Promise.all(running);
    },
  };
}

async function keepRunning(context: ServerContext, loop: Loop, signal: AbortSignal): Promise<void> {
  const askMs = Math.min(ASK_MS_MAX, Math.max(ASK_MS_MIN, loop.periodMs / ASKS_A_PERIOD));
  let pauseMs = askMs;
  while (!signal.aborted) {
    const outcome = await runLoopOnce(context, loop);
    // A database that is away is not asked ever faster than it can come back.
    pauseMs = outcome === "not_claimed" ? Math.min(PAUSE_MS_MAX, pauseMs * 2) : askMs;
    const jitter = 1 + JITTER * (2 * context.random.fraction() - 1);
    await sleep(context.clock, pauseMs * jitter, signal).catch(() => undefined);
  }
}
