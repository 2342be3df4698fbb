// What a caller has open, such as a stream of checks, is ended when he may no longer have it: the key was revoked, the
// session ended, the user locked out or given another role. Looked at right after each act of this process, and every two
// seconds for what another replica did.

import type { Clock } from "@truechimer/base";
import { AppError } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Logger } from "@truechimer/telemetry";
import { storedKeyCaller } from "./api-keys.ts";
import type { Caller } from "./caller.ts";
import { ownerSessionCaller } from "./sessions.ts";
import { userSessionCaller } from "./user-sessions.ts";

/** One small question for each open stream: with a hundred, fifty a second. */
const LOOK_AGAIN_MS = 2_000;

export interface WatchedCaller extends Disposable {
  /** Aborted, with the error for the caller as its reason, when the caller may no longer go on. */
  readonly signal: AbortSignal;
}

export interface CallerWatch {
  watch(caller: Caller): WatchedCaller;
  /** Something was changed that callers depend on: look now. */
  lookNow(): Promise<void>;
}

interface Watched {
  readonly caller: Caller;
  readonly ended: AbortController;
}

export function createCallerWatch({
  database,
  clock,
  logger,
}: {
  readonly database: Pick<Database, "kysely">;
  readonly clock: Clock;
  readonly logger: Logger;
}): CallerWatch {
  const open = new Set<Watched>();
  let cancel: (() => void) | undefined;

  const lookAt = async ({ caller, ended }: Watched): Promise<void> => {
    try {
      const refusal = whyEnded(caller, await callerAgain(database, caller));
      if (refusal !== undefined) ended.abort(refusal);
    } catch (error) {
      // Without the database nobody changes anything either.
      logger.warn({ error }, "whether a caller may go on could not be looked up");
    }
  };
  const lookNow = async (): Promise<void> => {
    await Promise.all([...open].map(lookAt));
  };
  const plan = (): void => {
    cancel ??= clock.setTimer(LOOK_AGAIN_MS, () => {
      cancel = undefined;
      void lookNow().then(() => {
        if (open.size > 0) plan();
      });
    });
  };
  return {
    lookNow,
    watch: (caller) => {
      const watched = { caller, ended: new AbortController() };
      open.add(watched);
      plan();
      return {
        signal: watched.ended.signal,
        [Symbol.dispose]: () => {
          open.delete(watched);
          if (open.size > 0) return;
          cancel?.();
          cancel = undefined;
        },
      };
    },
  };
}

/** The same caller as it is today. Absent: there is none any more. */
function callerAgain(
  database: Pick<Database, "kysely">,
  caller: Caller,
): Promise<Caller | undefined> {
  const hash = Buffer.from(caller.id, "base64");
  const noteUse = { noteUse: false } as const;
  switch (caller.actor.kind) {
    case "command_line":
      return Promise.resolve(caller);
    case "key":
      return storedKeyCaller(database, hash, noteUse);
    case "owner":
      return ownerSessionCaller(database.kysely, hash, noteUse);
    case "user":
      return userSessionCaller(database.kysely, hash, noteUse);
  }
}

/** Absent: it goes on. */
function whyEnded(before: Caller, now: Caller | undefined): AppError | undefined {
  if (now === undefined) {
    const what = before.kind === "key" ? "the API key" : "the session";
    return new AppError("unauthenticated", `${what} has ended`);
  }
  if (now.role === before.role && now.accountId === before.accountId) return undefined;
  return new AppError("forbidden", "what this caller may do was changed: ask again");
}

/** The same messages; fails with the signal's reason as soon as it is aborted, also while none comes. */
export async function* untilAborted<Message>(
  messages: AsyncIterable<Message>,
  signal: AbortSignal,
): AsyncGenerator<Message, void> {
  const iterator = messages[Symbol.asyncIterator]();
  let endWait: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => endWait?.(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      // A promise for each wait: one for all of them would hold on to every message that ever came.
      const next = await new Promise<IteratorResult<Message>>((resolve, reject) => {
        endWait = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // A generator that waits for its next message ends when it comes; the handler's own signal tells it to hurry.
    void iterator.return?.().catch(() => undefined);
  }
}
