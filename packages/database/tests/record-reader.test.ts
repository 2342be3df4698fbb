// Rows as one value, as PostgreSQL sends them.

import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecords } from "../src/index.ts";

const RUNS = 40;
const TIME_LIMIT_MS = 120_000;
const { pool } = await useDatabase();

interface Row {
  readonly whole: bigint | null;
  readonly word: number | null;
  readonly real: number | null;
  readonly words: string | null;
  readonly atMs: number | null;
}

const nullOr = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(values, { freq: 4 });
const row: fc.Arbitrary<Row> = fc.record({
  whole: nullOr(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  word: nullOr(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  real: nullOr(fc.double({ noNaN: true })),
  // PostgreSQL's text has no NUL, and a string of ours is whole Unicode.
  words: nullOr(
    fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => !text.includes("\0")),
  ),
  atMs: nullOr(fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2200, 0) })),
});

test(
  "they are what was stored",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const { rows: answer } = await pool.query(
          `select string_agg(record_send(row(whole, word, real_number, words, at)), '' order by n) as records
           from unnest($1::bigint[], $2::int[], $3::float8[], $4::text[], $5::timestamptz[])
             with ordinality as t (whole, word, real_number, words, at, n)`,
          [
            rows.map(({ whole }) => whole),
            rows.map(({ word }) => word),
            // The driver prints -0 as 0.
            rows.map(({ real }) => (Object.is(real, -0) ? "-0" : real)),
            rows.map(({ words }) => words),
            rows.map(({ atMs }) => (atMs === null ? null : new Date(atMs).toISOString())),
          ],
        );
        const found = decodeRecords(answer[0].records, 5, (from) => ({
          whole: from.int8(),
          word: from.int4(),
          real: from.float8(),
          words: from.text(),
          atMs: from.timestamptzMs(),
        }));
        expect(found).toEqual(rows);
      }),
      { numRuns: RUNS },
    );
  },
  TIME_LIMIT_MS,
);

test("microseconds are kept", async () => {
  const { rows } = await pool.query(
    "select record_send(row('2026-01-01T00:00:00.123456Z'::timestamptz)) as record",
  );
  const [atMs] = decodeRecords(rows[0].record, 1, (from) => from.timestamptzMs());
  expect(atMs).toBe(Date.UTC(2026, 0) + 123.456);
});

test("a record that is read otherwise than it was written is our mistake", async () => {
  const { rows } = await pool.query("select record_send(row(1::int, 2::bigint)) as record");
  const read = (columns: number, one: "int4" | "int8"): unknown =>
    decodeRecords(rows[0].record, columns, (from) => [from[one](), from.int8()]);
  expect(read(2, "int4")).toEqual([[1, 2n]]);
  expect(() => read(3, "int4")).toThrow("a record of 3 values has 2");
  expect(() => read(2, "int8")).toThrow("a value of 8 bytes has 4");
  expect(() => decodeRecords(rows[0].record, 2, (from) => from.int4())).toThrow(
    "of 2 values 1 were read",
  );
});
