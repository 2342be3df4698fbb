// What this replica may still let through of each key, drawn from the database in blocks. Those who ask at once share a
// draw, and all keys that are wanted at once one statement, so a flood costs the database one statement at a time from
// each replica; what was refused is remembered until there can be more.

import type { Clock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import {
  drawAllowances,
  type GrantedAllowance,
  giveBackAllowances,
  type UnusedAllowance,
} from "./limit-windows.ts";
import type { RateLimit } from "./rate-limits.ts";
import type { Verdict } from "./verdict.ts";

/** Keys that are remembered; the oldest is forgotten first, with what was left of it. */
const KEYS_MAX = 20_000;
/** Keys in one statement. */
const DRAW_KEYS_MAX = 500;
/** A draw that takes longer is taken for a database that is down: callers wait for it. */
const DRAW_TIMEOUT_MS = 5_000;
/** For so long a database that is down is not asked again. */
const DOWN_NS = 1_000_000_000n;
/** A replica that stops gives back what it had, so one that was refused asks again after this; alone of limits in blocks. */
const RECHECK_NS = 1_000_000_000n;
/** No draw takes more than this share of what is left, so that little is stranded at one replica. */
const SHARE_OF_REST = 8;
const NS_PER_MS = 1_000_000;

export interface LimitKey {
  readonly limit: RateLimit;
  /** As it is in the database. */
  readonly key: Buffer;
}

export interface Allowances {
  /** At once when something is left here, or when it is known that nothing is. */
  take(wanted: LimitKey): Verdict | Promise<Verdict>;
  /** The refusal, if it is known already. Takes nothing. */
  closed(wanted: LimitKey): Verdict | undefined;
  /** Gives back what was not used. */
  giveBack(): Promise<void>;
}

interface Allowance extends LimitKey {
  /** Not yet used of what was drawn. */
  left: number;
  /** In the whole cluster after the last draw, without `left`. */
  rest: number;
  endsAtNs: bigint;
  closedUntilNs: bigint;
  /** Absent: the database was down, and this is of this process alone. */
  endsAt: string | undefined;
}

interface Draw extends LimitKey {
  readonly waiting: ((verdict: Verdict) => void)[];
}

export function createAllowances(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly onStoreDown: (error: unknown) => void;
}): Allowances {
  const { database, clock, onStoreDown } = options;
  const allowances = new Map<string, Allowance>();
  let pending = new Map<string, Draw>();
  let drawing: Promise<void> | undefined;
  let downUntilNs = 0n;

  const live = (id: string): Allowance | undefined => {
    const known = allowances.get(id);
    return known !== undefined && known.endsAtNs > clock.monotonicNs() ? known : undefined;
  };

  const verdict = (passed: boolean, { limit, left, rest, endsAtNs }: Allowance): Verdict => ({
    limit,
    passed,
    remaining: passed ? left + rest : 0,
    resetMs: Number(endsAtNs - clock.monotonicNs()) / NS_PER_MS,
    storeDown: false,
  });

  const remember = (id: string, allowance: Allowance): void => {
    allowances.delete(id);
    allowances.set(id, allowance);
    const [oldest] = allowances.keys();
    if (allowances.size > KEYS_MAX && oldest !== undefined) allowances.delete(oldest);
  };

  const settle = (id: string, draw: Draw, askedAtNs: bigint, grant: GrantedAllowance): void => {
    const { limit, key, waiting } = draw;
    const before = live(id);
    const endsAtNs = askedAtNs + BigInt(Math.round(grant.resetMs * NS_PER_MS));
    const exhausted = grant.used >= limit.max;
    const recheckNs = limit.block === 1 ? endsAtNs : askedAtNs + RECHECK_NS;
    const allowance: Allowance = {
      limit,
      key,
      // Another call of this key may have come from a window that has not ended.
      left: grant.granted + (before?.endsAt === grant.endsAt ? before.left : 0),
      rest: Math.max(0, limit.max - grant.used),
      endsAtNs,
      closedUntilNs: exhausted ? (recheckNs < endsAtNs ? recheckNs : endsAtNs) : 0n,
      endsAt: grant.endsAt,
    };
    remember(id, allowance);
    for (const resolve of waiting) {
      const passed = allowance.left > 0;
      if (passed) allowance.left -= 1;
      resolve(verdict(passed, allowance));
    }
  };

  /** A limit that allows holds for this process alone until the database is back. */
  const settleWithout = (id: string, { limit, key, waiting }: Draw): void => {
    if (limit.whenStoreDown === "refuse") {
      const resetMs = Number(DOWN_NS) / NS_PER_MS;
      for (const resolve of waiting) {
        resolve({ limit, passed: false, remaining: 0, resetMs, storeDown: true });
      }
      return;
    }
    const allowance = live(id) ?? {
      limit,
      key,
      left: limit.max,
      rest: 0,
      endsAtNs: clock.monotonicNs() + BigInt(Math.round(limit.windowMs * NS_PER_MS)),
      closedUntilNs: 0n,
      endsAt: undefined,
    };
    if (allowance.endsAt !== undefined) {
      allowance.left += limit.max;
      allowance.endsAt = undefined;
    }
    remember(id, allowance);
    for (const resolve of waiting) {
      const passed = allowance.left > 0;
      if (passed) allowance.left -= 1;
      resolve(verdict(passed, allowance));
    }
  };

  const wantedOf = (id: string, { limit, waiting }: Draw): number => {
    const rest = live(id)?.rest ?? limit.max;
    const block = Math.min(limit.block, Math.ceil(rest / SHARE_OF_REST));
    return Math.max(waiting.length, block);
  };

  const drawAll = async (): Promise<void> => {
    while (pending.size > 0) {
      const draws = [...pending].slice(0, DRAW_KEYS_MAX);
      for (const [id] of draws) pending.delete(id);
      const askedAtNs = clock.monotonicNs();
      if (askedAtNs < downUntilNs) {
        for (const [id, draw] of draws) settleWithout(id, draw);
        continue;
      }
      try {
        const grants = await inTime(
          clock,
          drawAllowances(
            database,
            draws.map(([id, draw]) => ({
              limit: draw.limit.name,
              key: draw.key,
              wanted: wantedOf(id, draw),
              max: draw.limit.max,
              windowMs: draw.limit.windowMs,
            })),
          ),
        );
        for (const [index, [id, draw]] of draws.entries()) {
          const grant = grants[index];
          if (grant !== undefined) settle(id, draw, askedAtNs, grant);
        }
      } catch (error) {
        onStoreDown(error);
        downUntilNs = clock.monotonicNs() + DOWN_NS;
        for (const [id, draw] of draws) settleWithout(id, draw);
      }
    }
    // At once, so that whoever asks after the last look begins anew.
    drawing = undefined;
  };

  /** Everybody who asks before the statement leaves is in it. */
  const draw = (id: string, { limit, key }: LimitKey): Promise<Verdict> =>
    new Promise((resolve) => {
      const known = pending.get(id) ?? { limit, key, waiting: [] };
      known.waiting.push(resolve);
      pending.set(id, known);
      drawing ??= Promise.resolve().then(drawAll);
    });

  const closed = (id: string): Verdict | undefined => {
    const known = live(id);
    if (known === undefined || known.left > 0) return undefined;
    return clock.monotonicNs() < known.closedUntilNs ? verdict(false, known) : undefined;
  };

  return {
    take: (wanted) => {
      const id = idOf(wanted);
      const known = live(id);
      const fromStore = known?.endsAt !== undefined || clock.monotonicNs() < downUntilNs;
      if (known !== undefined && known.left > 0 && fromStore) {
        known.left -= 1;
        return verdict(true, known);
      }
      return closed(id) ?? draw(id, wanted);
    },
    closed: (wanted) => closed(idOf(wanted)),
    giveBack: async () => {
      await drawing;
      const unused = [...allowances.entries()].flatMap(([id, { limit, key, left }]) => {
        const endsAt = live(id)?.endsAt;
        return endsAt === undefined || left === 0
          ? []
          : [{ limit: limit.name, key, endsAt, unused: left } satisfies UnusedAllowance];
      });
      allowances.clear();
      pending = new Map();
      if (unused.length > 0) await giveBackAllowances(database, unused);
    },
  };
}

function idOf({ limit, key }: LimitKey): string {
  return `${limit.name} ${key.toString("latin1")}`;
}

async function inTime<Value>(clock: Clock, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cancel = clock.setTimer(DRAW_TIMEOUT_MS, () => {
    reject(new Error(`no allowance came within ${DRAW_TIMEOUT_MS} ms`));
  });
  // Whichever comes second is of no interest.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    cancel();
  }
}
