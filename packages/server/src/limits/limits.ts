// The limits of one replica: the registry with what its operator set, and how each is asked.

import type { Clock, Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Counter, Logger } from "@truechimer/telemetry";
import { createAllowances } from "./allowances.ts";
import { createLimitCounts } from "./limit-counts.ts";
import { limitKey, limitPlace, limitSalt } from "./limit-key.ts";
import { createProcessWindows, type ProcessWindows } from "./process-windows.ts";
import {
  type LimitName,
  type LimitSettings,
  limitsWith,
  type PlaceName,
  type RateLimit,
  type RateName,
} from "./rate-limits.ts";
import type { Verdict } from "./verdict.ts";

/** How long a caller that found no place is told to wait: places are free again in a moment. */
const NO_PLACE_RETRY_MS = 1_000;

export interface Limits extends AsyncDisposable {
  readonly all: readonly RateLimit[];
  of(name: LimitName): RateLimit;
  /** Counts one request of the key. At once, without a promise, where nothing must be asked of the database. */
  take(name: RateName, key: string): Verdict | Promise<Verdict>;
  /** The refusal, where it is known already that the key has nothing left. Counts it as refused; takes nothing. */
  closed(name: RateName, key: string): Verdict | undefined;
  /** Of what is counted elsewhere: rows, or places. */
  note(name: LimitName, passed: boolean): void;
  /** Whether one more may come where `taken` are; counts what it finds. */
  place(name: PlaceName | "registrations", taken: number): Verdict;
  /** Writes down what this replica has counted, so that the sums of the cluster have it. */
  writeCounts(): Promise<void>;
}

export interface LimitsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counter: Counter<"limit" | "outcome">;
  readonly settings: LimitSettings;
}

/** Disposing gives back what was drawn and not used. */
export async function createLimits(options: LimitsOptions): Promise<Limits> {
  const { database, clock, logger, counter, settings } = options;
  const salt = await limitSalt(options);
  const limits = limitsWith(settings);
  const counts = createLimitCounts({ database, clock, counter });
  const allowances = createAllowances({
    database,
    clock,
    onStoreDown: (error) => logger.warn({ error }, "the limits' counts cannot be reached"),
  });
  const windows = new Map<LimitName, ProcessWindows>();
  for (const limit of limits.values()) {
    if (limit.counted === "memory" && limit.windowMs > 0)
      windows.set(limit.name, createProcessWindows(limit, clock));
  }
  const of = (name: LimitName): RateLimit => {
    const limit = limits.get(name);
    if (limit === undefined) throw new TypeError(`there is no limit ${name}`);
    return limit;
  };
  const noted = (verdict: Verdict): Verdict => {
    counts.note(verdict.limit.name, verdict.passed);
    return verdict;
  };
  return {
    all: [...limits.values()],
    of,
    take: (name, key) => {
      const limit = of(name);
      const own = windows.get(name);
      if (own !== undefined) return noted(own.take(limitPlace(salt, limit, key)));
      const verdict = allowances.take({ limit, key: limitKey(salt, limit, key) });
      return verdict instanceof Promise ? verdict.then(noted) : noted(verdict);
    },
    closed: (name, key) => {
      const limit = of(name);
      const verdict = allowances.closed({ limit, key: limitKey(salt, limit, key) });
      return verdict === undefined ? undefined : noted(verdict);
    },
    note: (name, passed) => counts.note(name, passed),
    place: (name, taken) => {
      const limit = of(name);
      const passed = taken < limit.max;
      const remaining = passed ? limit.max - taken - 1 : 0;
      return noted({ limit, passed, remaining, resetMs: NO_PLACE_RETRY_MS, storeDown: false });
    },
    writeCounts: () => counts.write(),
    [Symbol.asyncDispose]: async () => {
      await counts.stop();
      try {
        await allowances.giveBack();
      } catch (error) {
        logger.warn({ error }, "unused allowances were not given back");
      }
    },
  };
}
