// SIGTERM and SIGINT as an AbortSignal. The first asks the program to end in order, a later one ends it at once.

import type { Clock } from "@truechimer/base";
import { EXIT } from "./exit-code.ts";

/**
 * One Ctrl-C reaches this process several times: from the terminal, and again from npm and the launcher, which hand
 * theirs on. What comes this soon after the first is the same wish.
 */
const SAME_WISH_MS = 1_000;
const NS_PER_MS = 1_000_000n;

type SignalSource = Pick<NodeJS.Process, "on" | "exit">;

export function createStopSignal(source: SignalSource, clock: Clock): AbortSignal {
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
  return controller.signal;
}
