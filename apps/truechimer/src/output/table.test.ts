import { expect, test } from "vitest";
import { type Column, tableLines } from "./table.ts";

interface Row {
  readonly name: string;
  readonly value: string;
}

const columns: readonly Column<Row>[] = [
  { title: "name", text: ({ name }) => name },
  { title: "value", align: "right", text: ({ value }) => value },
];

test("numbers are aligned at the right, words at the left", () => {
  expect(
    tableLines(columns, [
      { name: "a", value: "1" },
      { name: "long", value: "−12.5" },
    ]),
  ).toEqual(["name  value", "a         1", "long  −12.5"]);
});

test("a name in any script takes as many cells as a terminal gives it", () => {
  const lines = tableLines(columns, [
    { name: "時計", value: "1" },
    { name: "e\u0301te\u0301", value: "2" },
    { name: "👩‍🚀", value: "3" },
  ]);
  expect(lines).toEqual(["name  value", "時計      1", "e\u0301te\u0301       2", "👩‍🚀        3"]);
});

test("colours have no width", () => {
  const [, plain, coloured] = tableLines(columns, [
    { name: "red", value: "1" },
    { name: "\u001b[31mred\u001b[39m", value: "1" },
  ]);
  expect(coloured?.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain);
});

test("no line ends in blanks", () => {
  const right: readonly Column<Row>[] = [columns[1], columns[0]].filter(
    (each) => each !== undefined,
  );
  for (const line of tableLines(right, [{ name: "x", value: "1" }])) {
    expect(line).toBe(line.trimEnd());
  }
});
