// Notices that results no longer come in, and that they come again: one line in the log each.

import { sleep } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { type Ingest, readIngest } from "./read-ingest.ts";

const LOOK_MS = 15_000;

const TEXTS: Readonly<Record<Ingest["state"], string>> = {
  flowing: "results come in again",
  idle: "nobody is to send results",
  stalled: "agents are heard of, and no result is stored",
  silent: "no agent is heard of",
};

/** Looks until it is disposed. */
export function startIngestWatch(context: ServerContext): AsyncDisposable {
  const stopping = new AbortController();
  const running = watch(context, stopping.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function watch(context: ServerContext, signal: AbortSignal): Promise<void> {
  let last: Ingest["state"] = "flowing";
  while (!signal.aborted) {
    await sleep(context.clock, LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    // A database that is away is told of elsewhere.
    const ingest = await readIngest(context).catch(() => undefined);
    if (ingest === undefined || ingest.state === last) continue;
    last = ingest.state;
    const { state, receivedAt, storedAt } = ingest;
    const isBad = state === "stalled" || state === "silent";
    context.logger[isBad ? "warn" : "info"]({ state, receivedAt, storedAt }, TEXTS[state]);
  }
}
