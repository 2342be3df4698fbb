// The filter of a stream, as a function over live rows; with what it needs to know of each of them.

import { type Column, compileCondition } from "@truechimer/filter";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { type LiveRow, liveReaders } from "./live-rows.ts";

export interface LiveFilter {
  /** Two filters of one text let the same rows pass. */
  readonly text: string;
  /** What it reads of a row. */
  readonly columns: ReadonlySet<Column>;
  /** Those that pass, in their order; the same array where all do because nothing is filtered. */
  passing(rows: readonly LiveRow[]): readonly LiveRow[];
}

/** Ages are counted from now: the condition is made anew when it is this old. */
const COMPILED_AGE_NS_MAX = 1_000_000_000n;

/** Throws what is wrong with the text. */
export function createLiveFilter(context: Pick<ServerContext, "clock">, text: string): LiveFilter {
  const { clock } = context;
  const columns = new Set<Column>();
  const compile = (): ((row: LiveRow) => boolean) | undefined => {
    const condition = requestFilter(context, "checks", text);
    if (condition === undefined) return undefined;
    return compileCondition(condition, (column) => {
      columns.add(column);
      return liveReaders(column);
    });
  };
  let compiledNs = clock.monotonicNs();
  let passes = compile();
  return {
    text,
    columns,
    passing: (rows) => {
      const nowNs = clock.monotonicNs();
      if (nowNs - compiledNs > COMPILED_AGE_NS_MAX) {
        passes = compile();
        compiledNs = nowNs;
      }
      return passes === undefined ? rows : rows.filter(passes);
    },
  };
}
