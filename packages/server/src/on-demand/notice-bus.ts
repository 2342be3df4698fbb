// Hears the notices of all replicas on a connection of its own, and has everybody look by themselves every few seconds:
// a connection pooler in between, or a connection that broke, costs delay and nothing else.

import { sleep } from "@truechimer/base";
import { appErrorFromPostgres } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { ON_DEMAND_CHANNEL, type OnDemandNotice, parseNotice } from "./on-demand-notice.ts";

/** `look`: time to look at the tables, whatever was or was not told. */
export type HeardNotice = OnDemandNotice | { readonly kind: "look" };

export interface NoticeBus extends AsyncDisposable {
  /** Resolves when the first attempt to listen is over, well or not. */
  start(): Promise<void>;
  /** Returns how to stop it. A listener must not throw. */
  subscribe(listener: (notice: HeardNotice) => void): () => void;
}

type BusContext = Pick<ServerContext, "database" | "clock" | "logger">;

/** Between two attempts to listen. */
const LISTEN_AGAIN_MS = 1_000;

export function createNoticeBus(
  context: BusContext,
  { lookMs }: { readonly lookMs: number },
): NoticeBus {
  const { clock } = context;
  const listeners = new Set<(notice: HeardNotice) => void>();
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  const tell = (notice: HeardNotice): void => {
    for (const listener of listeners) listener(notice);
  };
  const lookEvery = async (): Promise<void> => {
    for (;;) {
      await sleep(clock, lookMs, stopping.signal);
      tell({ kind: "look" });
    }
  };
  const listenAlways = async (onFirst: () => void): Promise<void> => {
    for (;;) {
      await listenOnce(context, { tell, onFirst, signal: stopping.signal });
      if (stopping.signal.aborted) return;
      await sleep(clock, LISTEN_AGAIN_MS, stopping.signal);
    }
  };
  return {
    start: async () => {
      const first = Promise.withResolvers<void>();
      running = Promise.allSettled([lookEvery(), listenAlways(first.resolve)]);
      await first.promise;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Error("stopped"));
      await running;
    },
  };
}

interface Listening {
  readonly tell: (notice: HeardNotice) => void;
  readonly onFirst: () => void;
  readonly signal: AbortSignal;
}

/** Until the connection breaks or the signal comes; never rejects. */
async function listenOnce(context: BusContext, listening: Listening): Promise<void> {
  const { database, logger } = context;
  try {
    const client = await database.pool.connect();
    try {
      await hear(client, listening);
    } finally {
      // Never back into the pool: the next user would hear our notices.
      client.release(true);
    }
  } catch (error) {
    const coded = appErrorFromPostgres(error, database.where);
    logger.warn({ error: coded }, "notices of other replicas are not heard, so they come late");
  } finally {
    listening.onFirst();
  }
}

interface ListeningClient {
  on(
    event: "notification",
    listener: (message: { readonly payload?: string | undefined }) => void,
  ): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  query(text: string): Promise<unknown>;
}

/** Rejects when the connection breaks. */
async function hear(client: ListeningClient, { tell, onFirst, signal }: Listening): Promise<void> {
  const ended = Promise.withResolvers<void>();
  // A connection that breaks before it is awaited fails the query, too.
  ended.promise.catch(() => undefined);
  const onAbort = (): void => ended.resolve();
  client.on("notification", ({ payload = "" }) => {
    const notice = parseNotice(payload);
    if (notice !== undefined) tell(notice);
  });
  client.on("error", ended.reject);
  client.on("end", () => ended.reject(new Error("the connection ended")));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await client.query(`listen ${ON_DEMAND_CHANNEL}`);
    onFirst();
    // What was told while nobody listened.
    tell({ kind: "look" });
    await ended.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
