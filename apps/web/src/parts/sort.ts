// Sorting as the address says it: "-loss" is by loss, the greatest first. What is unknown comes last in either
// direction: no data never leads.

export type Comparable = number | string | undefined;

export interface SortOrder<K extends string> {
  readonly key: K;
  readonly descending: boolean;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Reads the address's word; `initial` where it is none of `keys`. */
export function parseSortOrder<K extends string>(
  text: string | undefined,
  keys: readonly K[],
  initial: SortOrder<K>,
): SortOrder<K> {
  const descending = text?.startsWith("-") === true;
  const word = descending ? text?.slice(1) : text;
  const key = keys.find((one) => one === word);
  return key === undefined ? initial : { key, descending };
}

/** The inverse; undefined for `initial`, so that the address stays short. */
export function sortOrderText<K extends string>(
  order: SortOrder<K>,
  initial: SortOrder<K>,
): string | undefined {
  if (order.key === initial.key && order.descending === initial.descending) return undefined;
  return (order.descending ? "-" : "") + order.key;
}

/** Compares two values; numbers within texts count as numbers. */
export function compareKnown(a: Comparable, b: Comparable, descending: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const order =
    typeof a === "string" || typeof b === "string" ? collator.compare(String(a), String(b)) : a - b;
  return descending ? -order : order;
}
