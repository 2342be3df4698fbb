// Scores what is new: at once when this process has stored something, and a few times a second for what other replicas
// did. Any number of processes may do so at the same time, each for the shards that it has leased.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { createScorerWorker } from "./scorer-worker.ts";

/** Between two looks for results of other replicas: one statement on an index. */
const LOOK_MS = 250;
/** After a page that took all there was: what comes meanwhile is scored together, at a fraction of the cost. */
const GATHER_MS = 100;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 30_000;

export interface ScorerLoop extends AsyncDisposable {
  wake(): void;
}

/** Disposing waits for the transaction that is under way, and hands the shards back. */
export function startScorer(context: ServerContext): ScorerLoop {
  const stop = new AbortController();
  let pause = new AbortController();
  let waiting = false;
  const worker = createScorerWorker(context);
  const run = async (): Promise<void> => {
    let retryMs = RETRY_MS_MIN;
    while (!stop.signal.aborted) {
      waiting = false;
      try {
        const { results, more } = await worker.pass();
        retryMs = RETRY_MS_MIN;
        if (more) continue;
        if (results > 0) await sleep(context.clock, GATHER_MS, stop.signal).catch(() => undefined);
        if (!waiting) await rest();
      } catch (error) {
        context.metrics.scorerErrors.inc({ scorer: "all" });
        context.logger.error({ error }, "scoring failed, tried again soon");
        // Results go on coming in, each with a wake-up: a database in need is not asked at their rate.
        await sleep(context.clock, retryMs, stop.signal).catch(() => undefined);
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
      }
    }
  };
  const rest = async (): Promise<void> => {
    pause = new AbortController();
    const signal = AbortSignal.any([stop.signal, pause.signal]);
    await sleep(context.clock, LOOK_MS, signal).catch(() => undefined);
  };
  const running = run();
  return {
    wake: () => {
      waiting = true;
      pause.abort(new Error("woken"));
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await running;
      try {
        await worker[Symbol.asyncDispose]();
      } catch (error) {
        context.logger.warn({ error }, "shards were not handed back: their leases run out");
      }
    },
  };
}
