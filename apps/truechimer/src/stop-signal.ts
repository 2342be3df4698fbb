// What asks a role to end, as an AbortSignal: SIGTERM and SIGINT, and the end of the npm that started it. The first
// signal asks the program to end in order, a later one ends it at once.

import type { Clock } from "@truechimer/base";
import { EXIT } from "./exit-code.ts";

/**
 * One Ctrl-C reaches this process several times: from the terminal, and again from npm and the launcher, which hand
 * theirs on. What comes this soon after the first is the same wish.
 */
const SAME_WISH_MS = 1_000;
const NS_PER_MS = 1_000_000n;
const LAUNCHER_LOOK_MS = 500;

export interface StopSource extends Pick<NodeJS.Process, "on" | "exit"> {
  /** Of the parent process; another one when the first has ended. */
  readonly ppid: number;
}

export interface StopSignalOptions {
  readonly clock: Clock;
  /**
   * Whether to end with the parent process. Under npm this program hangs on a shell, which keeps a signal that npm
   * hands on to itself: without this, killing npm would leave everything running, with nobody to stop it.
   */
  readonly endsWithParent: boolean;
}

export function createStopSignal(source: StopSource, options: StopSignalOptions): AbortSignal {
  const { clock } = options;
  const controller = new AbortController();
  let firstNs: bigint | undefined;
  const onSignal = (): void => {
    const nowNs = clock.monotonicNs();
    if (firstNs === undefined) {
      firstNs = nowNs;
      controller.abort();
    } else if (nowNs - firstNs > BigInt(SAME_WISH_MS) * NS_PER_MS) {
      source.exit(EXIT.forced);
    }
  };
  source.on("SIGTERM", onSignal);
  source.on("SIGINT", onSignal);
  if (options.endsWithParent) abortWithParent(source, clock, controller);
  return controller.signal;
}

function abortWithParent(source: StopSource, clock: Clock, controller: AbortController): void {
  const parent = source.ppid;
  let cancel = (): void => {};
  const look = (): void => {
    if (source.ppid === parent) cancel = clock.setTimer(LAUNCHER_LOOK_MS, look);
    else controller.abort();
  };
  controller.signal.addEventListener("abort", () => cancel(), { once: true });
  look();
}
