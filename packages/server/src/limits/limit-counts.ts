// How many passed and were refused: in this process's metrics at once, and for the whole cluster by the minute, written
// together every few seconds.

import type { Clock } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { Counter } from "@truechimer/telemetry";
import { sql } from "kysely";
import type { LimitName } from "./rate-limits.ts";

const WRITE_AFTER_MS = 5_000;

export interface LimitCounts {
  note(name: LimitName, passed: boolean): void;
  /** What was noted and not written. A database that is down leaves it for the next time. */
  write(): Promise<void>;
  stop(): Promise<void>;
}

interface Noted {
  passed: number;
  refused: number;
}

export function createLimitCounts(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly counter: Counter<"limit" | "outcome">;
}): LimitCounts {
  const { database, clock, counter } = options;
  let noted = new Map<LimitName, Noted>();
  let cancel: (() => void) | undefined;
  let stopped = false;
  let writing: Promise<void> = Promise.resolve();

  const writeNow = async (): Promise<void> => {
    const counts = noted;
    if (counts.size === 0) return;
    noted = new Map();
    try {
      await addCounts(database, counts);
    } catch {
      for (const [name, { passed, refused }] of counts) add(name, passed, refused);
    }
  };
  const write = (): Promise<void> => {
    cancel?.();
    cancel = undefined;
    writing = writing.then(writeNow);
    return writing;
  };
  const add = (name: LimitName, passed: number, refused: number): void => {
    const known = noted.get(name) ?? { passed: 0, refused: 0 };
    known.passed += passed;
    known.refused += refused;
    noted.set(name, known);
    if (!stopped) cancel ??= clock.setTimer(WRITE_AFTER_MS, () => void write());
  };
  return {
    note: (name, passed) => {
      counter.inc({ limit: name, outcome: passed ? "passed" : "refused" });
      add(name, passed ? 1 : 0, passed ? 0 : 1);
    },
    write,
    stop: async () => {
      stopped = true;
      await write();
      cancel?.();
    },
  };
}

async function addCounts(
  { kysely }: Database,
  counts: ReadonlyMap<LimitName, Noted>,
): Promise<void> {
  const rows = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  await sql`
    insert into rate_limit_counts as c (limit_name, minute, passed, refused)
    select t.limit_name, date_trunc('minute', now()), t.passed, t.refused
    from unnest(
      ${rows.map(([name]) => name)}::text[], ${rows.map(([, { passed }]) => passed)}::bigint[],
      ${rows.map(([, { refused }]) => refused)}::bigint[]
    ) as t (limit_name, passed, refused)
    order by t.limit_name
    on conflict (limit_name, minute) do update set
      passed = c.passed + excluded.passed, refused = c.refused + excluded.refused`.execute(kysely);
}
