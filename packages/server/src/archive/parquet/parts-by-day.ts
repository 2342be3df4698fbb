// Which files make the days of a range.

import { addDays, utcDayOf } from "@truechimer/database";
import type { ArchiveQuestion } from "../archive-reader.ts";
import type { ObjectStore } from "./object-store.ts";
import { type OpenPart, openPart, PartGone } from "./open-part.ts";
import { type ArchiveTable, dayPrefix, type Part, parsePart, partsInForce } from "./part-name.ts";

const NS_PER_US = 1_000n;
const DAY_US = 86_400_000_000n;
/** Days that are looked through at once: one at first, and more where there is little. */
const WINDOW_GROWTH = 4n;
const WINDOW_DAYS_MAX = 366n;
/** Files are merged behind a reader's back; more often than this in a row they are not. */
const LISTINGS_MAX = 5;
/** Of each a few kilobytes. */
const GROUPS_REMEMBERED_MAX = 2_000;

/** Microseconds since 1970. */
export interface UsRange {
  /** Included. */
  readonly fromUs: bigint;
  /** Excluded. */
  readonly toUs: bigint;
}

/** Parts in force, by day, from the day of `fromUs` to that before `toUs`. */
export async function partsByDay(
  store: ObjectStore,
  table: ArchiveTable,
  { fromUs, toUs }: UsRange,
): Promise<ReadonlyMap<string, readonly Part[]>> {
  const listed = await store.list(`${table}/`, {
    after: dayPrefix(table, dayOf(fromUs)),
    to: dayPrefix(table, addDays(dayOf(toUs - 1n), 1)),
  });
  const all = listed.flatMap((each) => parsePart(each) ?? []);
  return new Map(
    [...Map.groupBy(all, ({ day }) => day)].map(([day, ofDay]) => [day, partsInForce(ofDay).parts]),
  );
}

/** The days that have files, some at a time, in the order that is wanted: of each its parts. */
export async function* daysInOrder(
  store: ObjectStore,
  table: ArchiveTable,
  { fromUs, toUs, order }: UsRange & Pick<ArchiveQuestion, "order">,
): AsyncGenerator<readonly (readonly Part[])[], void> {
  const isNewest = order === "newest";
  let edgeUs = isNewest ? toUs : fromUs;
  for (let days = 1n; isNewest ? edgeUs > fromUs : edgeUs < toUs; ) {
    const nextUs = isNewest
      ? greater(fromUs, startOfDayUs(edgeUs - 1n) - (days - 1n) * DAY_US)
      : lesser(toUs, startOfDayUs(edgeUs) + days * DAY_US);
    const window = isNewest ? { fromUs: nextUs, toUs: edgeUs } : { fromUs: edgeUs, toUs: nextUs };
    const byDay = await partsByDay(store, table, window);
    const names = [...byDay.keys()].toSorted();
    yield (isNewest ? names.toReversed() : names).map((day) => byDay.get(day) ?? []);
    edgeUs = nextUs;
    days = lesser(WINDOW_DAYS_MAX, days * WINDOW_GROWTH);
  }
}

export interface RememberedParts {
  open(part: Part): Promise<OpenPart>;
}

/**
 * The indexes of the files that were read last.
 *
 * @param kept columns that are ever asked for. Absent: all.
 */
export function rememberedParts(store: ObjectStore, kept?: ReadonlySet<string>): RememberedParts {
  const known = new Map<string, Promise<OpenPart>>();
  let groups = 0;
  return {
    open: async (part) => {
      const before = known.get(part.name);
      if (before !== undefined) {
        known.delete(part.name);
        known.set(part.name, before);
        return await before;
      }
      const opening = openPart(store, part, kept);
      known.set(part.name, opening);
      try {
        const found = await opening;
        groups += found.groups.length;
      } catch (error) {
        known.delete(part.name);
        throw error;
      }
      for (const [name, old] of known) {
        if (groups <= GROUPS_REMEMBERED_MAX || name === part.name) break;
        known.delete(name);
        groups -= (await old.catch(() => undefined))?.groups.length ?? 0;
      }
      return await opening;
    },
  };
}

/** Again, where a file that was listed has been merged into another. */
export async function listedAgain<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let listing = 1; ; listing += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PartGone) || listing >= LISTINGS_MAX) throw error;
    }
  }
}

export function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function startOfDayUs(us: bigint): bigint {
  return us - (us % DAY_US);
}

function dayOf(us: bigint): string {
  return utcDayOf(us * NS_PER_US);
}
