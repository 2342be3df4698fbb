// Names of the files of an archive: "results/day=2026-03-01/000007-000014-1f2e3d4c.parquet". The parts of a day are numbered
// as they come; several that were merged are one with the numbers of all of them, so that the names alone say which files make
// the day: those whose numbers do not lie within another's. The last word keeps apart what two writers call the same.

import type { StoredObject } from "./object-store.ts";

export type ArchiveTable = "results" | "traceroutes" | "events";

export interface Part extends StoredObject {
  /** "2026-03-01". */
  readonly day: string;
  readonly first: number;
  /** Included. */
  readonly last: number;
}

const PATTERN =
  /^(results|traceroutes|events)\/day=(\d{4}-\d\d-\d\d)\/(\d{6,})-(\d{6,})-[0-9a-f]+\.parquet$/;
const NUMBER_DIGITS = 6;

export interface PartNumbers {
  readonly table: ArchiveTable;
  readonly day: string;
  readonly first: number;
  readonly last: number;
}

export function partName({ table, day, first, last }: PartNumbers, word: string): string {
  const [from, to] = [first, last].map((number) => String(number).padStart(NUMBER_DIGITS, "0"));
  return `${dayPrefix(table, day)}${from}-${to}-${word}.parquet`;
}

export function dayPrefix(table: ArchiveTable, day: string): string {
  return `${table}/day=${day}/`;
}

/** Undefined: it is none of an archive's. */
export function parsePart(object: StoredObject): Part | undefined {
  const [, , day, first, last] = PATTERN.exec(object.name) ?? [];
  if (day === undefined || first === undefined || last === undefined) return undefined;
  return { ...object, day, first: Number(first), last: Number(last) };
}

/**
 * Parts of one day, in the order of their numbers, apart from those that others have replaced. Of two of the same numbers,
 * which two writers wrote at once, both are there.
 */
export function partsInForce(parts: readonly Part[]): {
  readonly parts: readonly Part[];
  readonly replaced: readonly Part[];
} {
  const replaced = parts.filter((part) => parts.some((other) => isWithin(part, other)));
  const kept = parts.filter((part) => !replaced.includes(part));
  return {
    parts: kept.toSorted(
      (a, b) => a.first - b.first || a.last - b.last || (a.name < b.name ? -1 : 1),
    ),
    replaced,
  };
}

function isWithin(part: Part, other: Part): boolean {
  return (
    other.first <= part.first &&
    part.last <= other.last &&
    other.last - other.first > part.last - part.first
  );
}
