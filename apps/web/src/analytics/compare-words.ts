// A comparison in a sentence.

import { formatSpan } from "../format/offset.ts";
import type { ComparedLine } from "./compare-model.ts";

/** The two that are furthest apart, and by how much. */
export function compareSentence(
  lines: readonly ComparedLine[],
  kind: "server" | "monitor",
): string {
  const measured = lines
    .flatMap(({ name, overall }) =>
      overall?.offset === undefined
        ? []
        : [
            {
              name,
              ns: Number(overall.offset.valueNs),
              boundNs: Number(overall.offset.boundNs ?? 0n),
            },
          ],
    )
    .toSorted((one, other) => one.ns - other.ns);
  const silent = lines.filter(({ overall }) => overall?.offset === undefined);
  const without =
    silent.length === 0 ? "" : ` No offset from ${silent.map(({ name }) => name).join(", ")}.`;
  const [low] = measured;
  const high = measured.at(-1);
  if (low === undefined || high === undefined)
    return `Nothing was measured in this range.${without}`;
  if (measured.length === 1) {
    const beside = kind === "server" ? "Add another to compare it with" : "Add another beside it";
    return `${low.name} alone. ${beside}.${without}`;
  }
  const apart = high.ns - low.ns;
  const bound = high.boundNs + low.boundNs;
  const judged =
    apart <= bound
      ? ", which their error bounds explain"
      : ", more than their error bounds explain";
  return `${high.name} is ahead of ${low.name} by ${formatSpan(apart)} ± ${formatSpan(bound)} in the median${judged}.${without}`;
}
