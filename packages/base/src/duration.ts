// Durations as people write them: a number with its unit ("90s", "1.5h"). A bare number is refused, because a reader
// cannot know what it counts.

import { ok, type Result, refused } from "./result.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
const EXPECTED = 'expected a number with a unit of ms, s, m, h or d, such as "90s" or "1h30m"';

/** Milliseconds, at least 0. Accepts sums such as "1h30m". */
export function parseDurationMs(text: string): Result<number, string> {
  PART.lastIndex = 0;
  let totalMs = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    totalMs += Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== text.length) return refused(`"${text}" is not a duration: ${EXPECTED}`);
  return ok(totalMs);
}
