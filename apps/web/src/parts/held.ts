// Live values that stand still while somebody looks closely: nothing moves under the pointer.

import { useRef } from "react";

/** The newest value, or the one from before `held` became true. */
export function useHeld<T>(value: T, held: boolean): T {
  const kept = useRef(value);
  if (!held) kept.current = value;
  return kept.current;
}

/**
 * Rows in their new order, or, while held, in the order in which they were: values still change in place, new rows
 * come last, vanished ones go.
 */
export function useHeldOrder<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  held: boolean,
): readonly T[] {
  const order = useRef<readonly string[]>([]);
  const result = held ? inOrder(rows, keyOf, order.current) : rows;
  order.current = result.map(keyOf);
  return result;
}

/** Rows in the order of `keys`; those that it does not name follow as they come. */
export function inOrder<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  keys: readonly string[],
): readonly T[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  const known = keys.flatMap((key) => {
    const row = byKey.get(key);
    byKey.delete(key);
    return row === undefined ? [] : [row];
  });
  return [...known, ...byKey.values()];
}
