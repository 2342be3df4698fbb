// Drains the scorer's queue: at once when this process put something there, and now and then for what other replicas
// did. Any number of processes may do so at the same time.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { SCORE_BATCH_ROWS_MAX, scoreBatch } from "./score-batch.ts";
import { type ActiveScorers, activeScorers } from "./scorers.ts";

/** How long a result of another replica may wait before anyone looks. */
const LOOK_MS = 500;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 30_000;
/** How soon it is noticed that a scorer was paused or resumed. */
const SCORERS_FRESH_NS = 30_000_000_000n;
/** Label of what the scorers do in one transaction. */
const ALL_SCORERS = { scorer: "all" };

export interface ScorerLoop extends AsyncDisposable {
  wake(): void;
}

/** Disposing waits for the transaction that is under way. */
export function startScorer(context: ServerContext): ScorerLoop {
  const stop = new AbortController();
  let pause = new AbortController();
  let waiting = false;
  const run = async (): Promise<void> => {
    let retryMs = RETRY_MS_MIN;
    const scorers = createScorerLookup(context);
    while (!stop.signal.aborted) {
      waiting = false;
      try {
        const rows = await timedBatch(context, await scorers());
        retryMs = RETRY_MS_MIN;
        if (rows >= SCORE_BATCH_ROWS_MAX || waiting) continue;
        await rest(LOOK_MS);
      } catch (error) {
        context.metrics.scorerErrors.inc(ALL_SCORERS);
        context.logger.error({ error }, "scoring failed, tried again soon");
        // Results go on coming in, each with a wake-up: a database in need is not asked at their rate.
        await sleep(context.clock, retryMs, stop.signal).catch(() => undefined);
        retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
      }
    }
  };
  const rest = async (delayMs: number): Promise<void> => {
    pause = new AbortController();
    const signal = AbortSignal.any([stop.signal, pause.signal]);
    await sleep(context.clock, delayMs, signal).catch(() => undefined);
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
    },
  };
}

/** Which scorers are active, asked for now and then. */
function createScorerLookup(context: ServerContext): () => Promise<ActiveScorers> {
  let known: { readonly scorers: ActiveScorers; readonly askedAtNs: bigint } | undefined;
  return async () => {
    const nowNs = context.clock.monotonicNs();
    if (known === undefined || nowNs - known.askedAtNs > SCORERS_FRESH_NS) {
      known = { scorers: await activeScorers(context), askedAtNs: nowNs };
    }
    return known.scorers;
  };
}

async function timedBatch(context: ServerContext, scorers: ActiveScorers): Promise<number> {
  const startedNs = context.clock.monotonicNs();
  const rows = await scoreBatch(context, scorers);
  if (rows === 0) return 0;
  const seconds = Number(context.clock.monotonicNs() - startedNs) / 1e9;
  context.metrics.scorerSeconds.observe(ALL_SCORERS, seconds);
  for (const scorer of scorers.keys()) context.metrics.scorerRows.inc({ scorer }, rows);
  return rows;
}
