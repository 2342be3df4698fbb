import {
  completeFilter,
  FILTER_LIMITS,
  parseFilter,
  printFilter,
  readFilter,
  type Subject,
} from "@truechimer/filter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyNode, withoutSpans } from "./_arbitraries.ts";

const SUBJECTS: readonly Subject[] = ["servers", "monitors", "checks", "events"];
const NOW_NS = 1_790_000_000_000_000_000n;

describe.each(SUBJECTS)("filters of %s", (subject) => {
  test("what is printed is read as the same filter again", () => {
    fc.assert(
      fc.property(anyNode(subject), (node) => {
        const text = printFilter(node);
        const again = parseFilter(text);
        if (!again.ok) {
          // Only a limit may stand between the two.
          expect(again.error.message).toMatch(/too many terms|characters|too deep/);
          return;
        }
        expect(withoutSpans(again.value)).toEqual(withoutSpans(node));
        expect(printFilter(again.value)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("any text is read or refused at a place within it, and never throws", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            "(",
            ")",
            " ",
            '"',
            ",",
            ":",
            ">",
            "!=",
            "not ",
            "or ",
            "offset",
            "server",
            "5ms",
            "x",
            "*",
            "\\",
          ),
          {
            maxLength: 30,
          },
        )
        .map((parts) => parts.join("")),
      anyNode(subject).map(printFilter),
    );
    fc.assert(
      fc.property(text, fc.nat(80), (filter, cursor) => {
        const read = readFilter(filter, { subject, nowNs: NOW_NS });
        if (!read.ok) {
          expect(read.error.at).toBeGreaterThanOrEqual(0);
          expect(read.error.at).toBeLessThanOrEqual(filter.length);
          expect(read.error.length).toBeGreaterThan(0);
          expect(read.error.expected).toMatch(/^(expected|did you mean)/);
        }
        const { from, to } = completeFilter({ text: filter, cursor, subject });
        expect(0 <= from && from <= to && to <= filter.length).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("limits are refused before they cost", () => {
  const tooLong = "x".repeat(FILTER_LIMITS.lengthMax + 1);
  const tooDeep = `${"(".repeat(FILTER_LIMITS.depthMax + 1)}x${")".repeat(FILTER_LIMITS.depthMax + 1)}`;
  const tooMany = Array.from({ length: FILTER_LIMITS.termsMax + 1 }, () => "x").join(" ");
  const tooManyValues = `server:${Array.from({ length: FILTER_LIMITS.valuesMax + 1 }, () => "x").join(",")}`;
  const tooWild = `server:${"*x".repeat(FILTER_LIMITS.wildcardsMax + 1)}`;
  for (const text of [tooLong, tooDeep, tooMany, tooManyValues, tooWild]) {
    const read = readFilter(text, { subject: "servers", nowNs: NOW_NS });
    expect(read.ok ? "" : read.error.expected).toMatch(/at most \d+/);
  }
  const deepest = `${"(".repeat(FILTER_LIMITS.depthMax - 1)}x${")".repeat(FILTER_LIMITS.depthMax - 1)}`;
  expect(parseFilter(deepest).ok).toBe(true);
});
