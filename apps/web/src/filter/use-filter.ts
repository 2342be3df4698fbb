// A filter of the address as a function over rows. While one is typed that cannot be read yet, the last one that could
// stays in force, so that rows do not come and go with every key.

import {
  type Condition,
  compileCondition,
  type FilterProblem,
  type Readers,
  readFilter,
  type Subject,
} from "@truechimer/filter";
import { useMemo, useRef } from "react";

export interface ReadFilter {
  /** Undefined: everything passes. */
  readonly condition: Condition | undefined;
  /** The text that the condition is of: what a server can be asked. */
  readonly text: string;
  readonly problem: FilterProblem | undefined;
}

/** `nowMs` is what ages are counted from. */
export function useReadFilter(subject: Subject, text: string, nowMs: number): ReadFilter {
  const last = useRef<ReadFilter>({ condition: undefined, text: "", problem: undefined });
  return useMemo(() => {
    const read = readFilter(text, { subject, nowNs: BigInt(Math.round(nowMs)) * 1_000_000n });
    if (!read.ok) return { ...last.current, problem: read.error };
    const condition = text.trim() === "" ? undefined : read.value;
    last.current = { condition, text, problem: undefined };
    return last.current;
  }, [subject, text, nowMs]);
}

/** Whether a row passes. */
export function passes<Row>(
  { condition }: ReadFilter,
  readers: Readers<Row>,
): (row: Row) => boolean {
  return condition === undefined ? () => true : compileCondition(condition, readers);
}
