// Brings a PostgreSQL back that has ended by itself (the kernel takes the largest process when memory runs out), on the
// same port, so that pools find it again. One that will not stay is left alone.

import type { Clock } from "@truechimer/base";
import type { Postmaster } from "./postmaster.ts";

/** How another postmaster is started, and who is told. */
export interface SuperviseOptions {
  /** Clears what the ended one left, and starts another. */
  readonly restart: () => Promise<Postmaster>;
  readonly clock: Clock;
  readonly say: (text: string) => void;
}

/** The cluster as its users see it: the same, whichever postmaster runs it. */
export interface Supervised {
  /** Of the present postmaster. */
  readonly pid: number;
  /** Resolves when PostgreSQL has ended for good, asked for or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** More often within the period, and starting again would only hide what is wrong. */
const RESTARTS_MAX = 3;
const RESTART_PERIOD_NS = 60_000_000_000n;

/** Watches from now on. Gives up after three restarts within a minute. */
export function supervise(first: Postmaster, options: SuperviseOptions): Supervised {
  let current = first;
  let stopping = false;
  const watch = async (): Promise<void> => {
    let restartedAt: readonly bigint[] = [];
    for (;;) {
      await current.ended;
      if (stopping) return;
      const nowNs = options.clock.monotonicNs();
      restartedAt = [...restartedAt.filter((at) => nowNs - at < RESTART_PERIOD_NS), nowNs];
      if (restartedAt.length > RESTARTS_MAX) {
        options.say("PostgreSQL ended by itself again and again, and is not started any more");
        return;
      }
      options.say("PostgreSQL ended by itself: starting it again");
      current = await options.restart();
      if (stopping) await current.stop();
    }
  };
  const ended = watch().catch((error: unknown) => {
    options.say(`PostgreSQL cannot be started again: ${String(error)}`);
  });
  return {
    get pid() {
      return current.pid;
    },
    ended,
    stop: async () => {
      stopping = true;
      await current.stop();
      await ended;
    },
  };
}
