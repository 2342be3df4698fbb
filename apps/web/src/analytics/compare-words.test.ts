import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { type ComparedLine, comparedLine } from "./compare-model.ts";
import { compareSentence } from "./compare-words.ts";

function line(
  name: string,
  offset?: { readonly valueNs: bigint; readonly boundNs: bigint },
): ComparedLine {
  const overall = offset === undefined ? {} : { offset };
  return comparedLine(create(analyticsV1.ComparedSeriesSchema, { name, overall }));
}

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const early = line("a", { valueNs: -3_000_000n, boundNs: 500_000n });
const late = line("b", { valueNs: 2_000_000n, boundNs: 500_000n });

test("the two that are furthest apart are named, and whether their bounds explain it", () => {
  expect(
    plain(compareSentence([early, line("c", { valueNs: 0n, boundNs: 0n }), late], "server")),
  ).toBe(
    "b is ahead of a by 5.00 ms ± 1.00 ms in the median, more than their error bounds explain.",
  );
  const unsure = line("d", { valueNs: 2_000_000n, boundNs: 9_000_000n });
  expect(compareSentence([early, unsure], "monitor")).toContain("which their error bounds explain");
});

test("one alone, and those without a value, are said", () => {
  expect(compareSentence([early, line("e")], "server")).toBe(
    "a alone. Add another to compare it with. No offset from e.",
  );
  expect(compareSentence([early], "monitor")).toBe("a alone. Add another beside it.");
  expect(compareSentence([line("e"), line("f")], "server")).toBe(
    "Nothing was measured in this range. No offset from e, f.",
  );
});
