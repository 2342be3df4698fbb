// When the configuration is looked at again: in its time, when its files have been quiet after a change, when the watch
// over them breaks, and when somebody asks. One look at a time; who asks during one gets the next.

import { AppError, type Clock, type Random } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { DirectoryWatch, WatchDirectory } from "./watch-directory.ts";

/** The NTP Pool's agent's times. */
const RELOAD_MS: number = 5 * 60_000;
const RELOAD_AFTER_FAILURE_MS: number = 2 * 60_000;
/** Spreads the agents of a fleet that was started at once. */
const RELOAD_JITTER = 0.1;
/** Several files change together: looked at when all of them have been quiet for so long. */
const QUIET_MS = 500;
/** How soon a watch that broke is tried again; twice as long after each try in vain, up to RELOAD_MS. */
const WATCH_AGAIN_MS = 10_000;

export interface ReloadOutcome {
  /** What went wrong, if anything: it is tried again sooner. */
  readonly failure: unknown;
  /** Something that is due sooner than the usual time. */
  readonly nextCheckMs: number | undefined;
}

export interface ReloadLoopOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly directory: string;
  readonly watchDirectory: WatchDirectory;
  /** Whether an event under this name matters. */
  readonly isOurs: (name: string) => boolean;
  /** Whether the files differ from what was last taken in: our own writes make events too. */
  readonly filesChanged: () => Promise<boolean>;
  /** Never rejects. */
  readonly reload: (signal: AbortSignal) => Promise<ReloadOutcome>;
}

export interface ReloadLoop extends AsyncDisposable {
  start(): void;
  /** Reloads, and resolves after a reload that began no earlier than this call. Also before `start`. */
  now(): Promise<ReloadOutcome>;
}

export function createReloadLoop(options: ReloadLoopOptions): ReloadLoop {
  const { clock, logger } = options;
  const stopping = new AbortController();
  let started = false;
  let cancelTimer = (): void => {};
  let cancelQuiet = (): void => {};
  let running: Promise<ReloadOutcome> | undefined;
  let following: Promise<ReloadOutcome> | undefined;

  const run = async (): Promise<ReloadOutcome> => {
    await watch.keep();
    const outcome = await options.reload(stopping.signal);
    if (started && !stopping.signal.aborted) {
      cancelTimer();
      cancelTimer = clock.setTimer(nextReloadMs(outcome, options.random), () => {
        now().catch(() => {});
      });
    }
    return outcome;
  };
  const begin = (): Promise<ReloadOutcome> => {
    following = undefined;
    const current = run().finally(() => {
      if (running === current) running = undefined;
    });
    running = current;
    return current;
  };
  const now = (): Promise<ReloadOutcome> => {
    if (stopping.signal.aborted) return Promise.reject(stopping.signal.reason as Error);
    if (running === undefined) return begin();
    following ??= running.then(() => {
      stopping.signal.throwIfAborted();
      return begin();
    });
    following.catch(() => {});
    return following;
  };
  const afterQuiet = async (): Promise<void> => {
    try {
      if (!(await options.filesChanged())) return;
    } catch {
      // What is wrong with the files is told by the reload.
    }
    if (!stopping.signal.aborted) await now();
  };
  const watch = createKeptWatch({
    ...options,
    stopping: stopping.signal,
    onChange: () => {
      cancelQuiet();
      cancelQuiet = clock.setTimer(QUIET_MS, () => {
        afterQuiet().catch(() => {});
      });
    },
    onInterrupted: () => {
      now().catch(() => {});
    },
  });
  return {
    start: () => {
      started = true;
      watch.start();
      now().catch(() => {});
    },
    now,
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new AppError("stopped", "the agent is being stopped"));
      cancelTimer();
      cancelQuiet();
      watch[Symbol.dispose]();
      await running?.catch(() => {});
      logger.debug({}, "configuration is not looked at any more");
    },
  };
}

function nextReloadMs({ failure, nextCheckMs = RELOAD_MS }: ReloadOutcome, random: Random): number {
  const usualMs = failure === undefined ? RELOAD_MS : RELOAD_AFTER_FAILURE_MS;
  return Math.min(usualMs * (1 + RELOAD_JITTER * (2 * random.fraction() - 1)), nextCheckMs);
}

interface KeptWatchOptions extends ReloadLoopOptions {
  readonly stopping: AbortSignal;
  /** Something happened, or may have. */
  readonly onChange: () => void;
  /** The watch broke. */
  readonly onInterrupted: () => void;
}

interface KeptWatch extends Disposable {
  start(): void;
  /** Watches anew where the directory is not the one under watch any more. */
  keep(): Promise<void>;
}

/** A watch that is made again after it broke. Meanwhile the timer alone looks at the files. */
function createKeptWatch(options: KeptWatchOptions): KeptWatch {
  const { clock, directory, logger, stopping } = options;
  let watch: DirectoryWatch | undefined;
  let wanted = false;
  let failures = 0;
  let cancelRetry = (): void => {};
  const broke = (error: unknown): void => {
    watch?.[Symbol.dispose]();
    watch = undefined;
    failures += 1;
    // Once: a directory that is not there would fill the log.
    if (failures === 1) {
      logger.warn(
        { directory, error },
        "configuration files are not watched: looked at in their time",
      );
    }
    cancelRetry();
    const againMs = Math.min(WATCH_AGAIN_MS * 2 ** (failures - 1), RELOAD_MS);
    cancelRetry = clock.setTimer(againMs, () => open(options.onChange));
  };
  const open = (onOpened: () => void): void => {
    if (stopping.aborted || watch !== undefined) return;
    try {
      watch = options.watchDirectory(directory, {
        onEvent: (name) => {
          if (name === undefined || options.isOurs(name)) options.onChange();
        },
        onError: (error) => {
          if (stopping.aborted) return;
          broke(error);
          options.onInterrupted();
        },
      });
      if (failures > 0) logger.info({ directory }, "configuration files are watched again");
      failures = 0;
    } catch (error) {
      broke(error);
      return;
    }
    onOpened();
  };
  return {
    start: () => {
      wanted = true;
      open(() => {});
    },
    keep: async () => {
      if (!wanted || watch === undefined || (await watch.isCurrent())) return;
      broke(new AppError("not_found", `${directory} was removed or replaced`));
      open(() => {});
    },
    [Symbol.dispose]: () => {
      cancelRetry();
      watch?.[Symbol.dispose]();
      watch = undefined;
    },
  };
}
