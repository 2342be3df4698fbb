// The whole way from a text to what can be done with it.

import type { Result } from "@truechimer/base";
import type { Condition } from "./condition.ts";
import type { FilterProblem } from "./filter-problem.ts";
import { parseFilter } from "./parse-filter.ts";
import { type ResolveOptions, resolveFilter } from "./resolve-filter.ts";

/** Reads a filter for a subject. An empty text is the condition that all rows pass. */
export function readFilter(
  text: string,
  options: ResolveOptions,
): Result<Condition, FilterProblem> {
  const node = parseFilter(text);
  return node.ok ? resolveFilter(node.value, options) : node;
}
