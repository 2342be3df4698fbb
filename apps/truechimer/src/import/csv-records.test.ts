import { expect, test } from "vitest";
import { csvRecords } from "./csv-records.ts";

test.each([
  { name: "no text", text: "", fields: [] },
  { name: "one field", text: "a", fields: [["a"]] },
  { name: "a line break at the end is none between", text: "a,b\r\n", fields: [["a", "b"]] },
  { name: "each kind of line break", text: "a\nb\rc\r\nd", fields: [["a"], ["b"], ["c"], ["d"]] },
  {
    name: "empty fields",
    text: ",,\n,",
    fields: [
      ["", "", ""],
      ["", ""],
    ],
  },
  { name: "a comma in quotes", text: '"a,b",c', fields: [["a,b", "c"]] },
  { name: "quotes in quotes", text: '"a ""b"" c",""""', fields: [['a "b" c', '"']] },
  { name: "empty quotes", text: '"",x', fields: [["", "x"]] },
])("$name", ({ text, fields }) => {
  const records = csvRecords(text);
  expect(records.map((record) => record.fields)).toEqual(fields);
  expect(records.filter(({ problem }) => problem !== undefined)).toEqual([]);
});

test("a record begins on its line, also behind line breaks in quotes", () => {
  expect(csvRecords('a\n"b\r\n\nb"\n\nc').map(({ line }) => line)).toEqual([1, 2, 5, 6]);
});

test.each([
  { name: "a quote amid a field", text: 'a"b,c\nd', problem: "not quoted", records: 2 },
  { name: "text behind a quote", text: '"a"b,c\nd', problem: "closing quote", records: 2 },
  { name: "an open quote", text: '"a,c\nd', problem: "never closed", records: 1 },
])("$name is a problem of its record", ({ text, problem, records }) => {
  const all = csvRecords(text);
  expect(all[0]?.problem).toContain(problem);
  expect(all).toHaveLength(records);
});

test("four million characters of quotes are read in one pass", () => {
  const startedAt = performance.now();
  expect(csvRecords('"'.repeat(4_000_001))).toHaveLength(1);
  expect(csvRecords(`${'"",'.repeat(1_300_000)}"`)).toHaveLength(1);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});
