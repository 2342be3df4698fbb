// Keeps the loops of this process going: each asks for its period a few times in it, with some jitter so that replicas
// do not all ask at once.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { type Loop, runLoopOnce } from "./loop.ts";

/** Shortest and longest time between two questions whether a period has come. */
const ASK_MS_MIN = 250;
const ASK_MS_MAX = 15_000;
const ASKS_A_PERIOD = 4;
const JITTER = 0.2;

export interface LoopRunner extends AsyncDisposable {
  /** Asks at once, and makes the period come if it has not. */
  wake(name: string): void;
}

/** Disposing ends the questions and waits for runs that are under way. */
export function startLoops(context: ServerContext, loops: readonly Loop[]): LoopRunner {
  const stop = new AbortController();
  const wakers = new Map<string, () => void>();
  const running = loops.map((loop) => keepRunning(context, { loop, signal: stop.signal, wakers }));
  return {
    wake: (name) => wakers.get(name)?.(),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await Promise.allSettled(running);
    },
  };
}

async function keepRunning(
  context: ServerContext,
  options: {
    readonly loop: Loop;
    readonly signal: AbortSignal;
    readonly wakers: Map<string, () => void>;
  },
): Promise<void> {
  const { loop, signal, wakers } = options;
  const askMs = Math.min(ASK_MS_MAX, Math.max(ASK_MS_MIN, loop.periodMs / ASKS_A_PERIOD));
  let woken = false;
  let wake = (): void => {};
  wakers.set(loop.name, () => {
    woken = true;
    wake();
  });
  while (!signal.aborted) {
    if (woken) await makeDue(context, loop);
    woken = false;
    await runLoopOnce(context, loop);
    if (signal.aborted || woken) continue;
    const jitter = 1 + JITTER * (2 * context.random.fraction() - 1);
    const pause = new AbortController();
    wake = () => pause.abort(new Error("woken"));
    await sleep(context.clock, askMs * jitter, AbortSignal.any([signal, pause.signal])).catch(
      () => undefined,
    );
    wake = () => {};
  }
}

async function makeDue(context: ServerContext, { name }: Loop): Promise<void> {
  try {
    await context.database.kysely
      .updateTable("loop_runs")
      .set((now) => ({ next_run_at: now.fn("now") }))
      .where("name", "=", name)
      .execute();
  } catch (error) {
    context.logger.warn({ error, loop: name }, "loop not woken");
  }
}
