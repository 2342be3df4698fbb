import { describe, expect, test } from "vitest";
import { parseCsvServers } from "./parse-csv-servers.ts";
import { importBatches, planImport } from "./plan-import.ts";

const list = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join("\n");
const address = (n: number): string => `2001:db8::${n.toString(16)}`;

test("a server is asked for once, however it is written", () => {
  const { wanted, others } = planImport(
    parseCsvServers("A.example\na.example.,123\na.example,1123"),
  );
  expect(wanted.map(({ line, target }) => [line, target])).toEqual([
    [1, "a.example"],
    [3, "a.example:1123"],
  ]);
  expect(others).toMatchObject([
    { line: 2, outcome: "left_out", message: "is named in line 1, too" },
  ]);
});

test("more servers than one import takes are refused before anything is asked", () => {
  expect(planImport(parseCsvServers(list(10_000, address))).wanted).toHaveLength(10_000);
  expect(() => planImport(parseCsvServers(list(10_001, address)))).toThrow("at most 10000");
});

describe("calls", () => {
  const sizes = (text: string): readonly number[] =>
    importBatches(planImport(parseCsvServers(text)).wanted).map((batch) => batch.length);

  test("take 500 addresses, or as many names as are looked up in time", () => {
    expect(sizes(list(1_001, address))).toEqual([500, 500, 1]);
    expect(sizes(list(100, (n) => `n${n}.example`))).toEqual([96, 4]);
    expect(sizes("")).toEqual([]);
  });

  test("of both hold neither too many", () => {
    const text = list(300, (n) => (n % 2 === 0 ? address(n) : `n${n}.example`));
    expect(sizes(text)).toEqual([192, 108]);
  });
});
