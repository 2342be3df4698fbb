// Filters by chance: written ones, and conditions' rows.

import type { FilterNode, Operator, Subject, WrittenValue } from "@truechimer/filter";
import { FIELDS, writtenName } from "@truechimer/filter";
import fc from "fast-check";

const SPAN = { at: 0, length: 0 } as const;

/** Anything printable; in quotes where the bare form would be another thing. */
const value: fc.Arbitrary<WrittenValue> = fc
  .record({
    text: fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom(
        "ntp1.*",
        "5ms",
        "a b",
        'say "hi"',
        "back\\slash",
        "and",
        "not",
        "2001:db8::1",
        "x:y",
        "",
      ),
    ),
    quoted: fc.boolean(),
  })
  .filter(({ text }) => !/[\p{Cc}\p{Cs}]/u.test(text))
  .map(({ text, quoted }) => ({
    text,
    quoted: quoted || !/^[^\s()",<>=!:]+$/u.test(text) || /^(and|or|not)$/i.test(text),
    ...SPAN,
  }));

const operator: fc.Arbitrary<Operator> = fc.constantFrom(":", "=", "!=", "<", "<=", ">", ">=");

/** Any filter as it could have been written for a subject; what it says need not make sense. */
export function anyNode(subject: Subject): fc.Arbitrary<FilterNode> {
  const names = FIELDS[subject].map((field) => writtenName(field, subject));
  const { node } = fc.letrec<{ node: FilterNode; term: FilterNode }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthIdentifier: "filter" },
      tie("term"),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
        at: fc.constant(0),
        length: fc.constant(0),
      }),
      fc.record({
        kind: fc.constant("not" as const),
        operand: tie("node"),
        at: fc.constant(0),
        length: fc.constant(0),
      }),
    ),
    term: fc.oneof(
      fc.record({
        kind: fc.constant("search" as const),
        value,
        at: fc.constant(0),
        length: fc.constant(0),
      }),
      fc.record({
        kind: fc.constant("compare" as const),
        field: fc.constantFrom(...names),
        operator,
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
        at: fc.constant(0),
        length: fc.constant(0),
      }),
    ),
  }));
  return node;
}

/** The same without places. */
export function withoutSpans(node: FilterNode): unknown {
  return JSON.parse(
    JSON.stringify(node, (key, part: unknown) =>
      key === "at" || key === "length" ? undefined : part,
    ),
  );
}
