// How a role runs: until a signal, or until a part that it cannot do without fails; then everything that was opened is
// closed in the reverse order, in bounded time.

import { type Clock, STOP_LIMITS } from "@truechimer/base";

export interface Stop {
  readonly signal: AbortSignal;
  /** Ends the role because of a failure. The first one counts. */
  fail(error: Error): void;
  /** Set when it was a failure that ended the role. */
  readonly failure: Error | undefined;
}

export function createStop(asked: AbortSignal): Stop {
  const own = new AbortController();
  let failure: Error | undefined;
  return {
    signal: AbortSignal.any([asked, own.signal]),
    fail: (error) => {
      failure ??= error;
      own.abort();
    },
    get failure() {
      return failure;
    },
  };
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** True: everything was closed in time. A failure to close is the caller's to tell. */
function closeInTime(stack: AsyncDisposableStack, clock: Clock): Promise<boolean> {
  return withinLimit(stack.disposeAsync(), clock, STOP_LIMITS.closingMs);
}

/** False: `work` goes on after its time, unattended. */
async function withinLimit(work: Promise<void>, clock: Clock, limitMs: number): Promise<boolean> {
  let cancel = (): void => {};
  const limit = new Promise<boolean>((resolve) => {
    cancel = clock.setTimer(limitMs, () => {
      work.catch(() => undefined);
      resolve(false);
    });
  });
  try {
    return await Promise.race([work.then(() => true), limit]);
  } finally {
    cancel();
  }
}

/**
 * Runs `open`, waits for the stop, closes. A failure while opening closes what was opened by then. A stop while
 * something is being opened lets that come to its end if it does so soon, so that it is closed too; what waits for
 * others (a lock on the schema, say) is abandoned.
 */
export async function runUntilStopped(
  stop: Stop,
  clock: Clock,
  open: (stack: AsyncDisposableStack) => Promise<void>,
  onStopping: () => void,
): Promise<{ readonly closedInTime: boolean }> {
  const stack = new AsyncDisposableStack();
  let closedInTime = true;
  try {
    const opening = open(stack);
    await Promise.race([opening, untilStopped(stop.signal)]);
    await untilStopped(stop.signal);
    onStopping();
    await withinLimit(opening, clock, STOP_LIMITS.openingMs);
  } finally {
    closedInTime = await closeInTime(stack, clock);
  }
  if (stop.failure !== undefined) throw stop.failure;
  return { closedInTime };
}
