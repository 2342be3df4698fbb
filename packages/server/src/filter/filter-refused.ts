// A filter of a request that cannot be read: the answer says where.

import { AppError, type Clock } from "@truechimer/base";
import {
  type Condition,
  type FilterProblem,
  filterProblemText,
  readFilter,
  type Subject,
} from "@truechimer/filter";

/** Thrown by a procedure: the answer carries the place. */
export class FilterRefused extends AppError {
  override readonly name: string = "FilterRefused";
  readonly problem: FilterProblem;

  constructor(problem: FilterProblem) {
    super("bad_filter", filterProblemText(problem));
    this.problem = problem;
  }
}

/** In UTF-16 units from the start of the filter. */
export function filterHeaders({ at, length }: FilterProblem): Readonly<Record<string, string>> {
  return { "truechimer-error-position": String(at), "truechimer-error-length": String(length) };
}

/** The condition of a request's filter, with "now" as it is now. Undefined: there is none, and all rows pass. */
export function requestFilter(
  { clock }: { readonly clock: Pick<Clock, "nowNs"> },
  subject: Subject,
  text: string,
): Condition | undefined {
  if (text === "") return undefined;
  const condition = readFilter(text, { subject, nowNs: clock.nowNs() });
  if (!condition.ok) throw new FilterRefused(condition.error);
  return condition.value;
}
