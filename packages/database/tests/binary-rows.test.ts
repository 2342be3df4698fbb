// Rows as one parameter, against what PostgreSQL makes of them.

import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { encodeRows, nsFromTimestamptz, type Timestamptz } from "../src/index.ts";

const RUNS = 40;
const TIME_LIMIT_MS = 120_000;
const { pool } = await useDatabase();

interface Row {
  readonly whole: bigint | null;
  readonly word: number | null;
  readonly half: number | null;
  readonly real: number | null;
  readonly flag: boolean | null;
  readonly words: string | null;
  readonly octets: Uint8Array | null;
  readonly json: string | null;
  readonly atNs: bigint | null;
}

beforeAll(async () => {
  await pool.query(`create type every_kind as (whole bigint, word int, half smallint, real_number float8, flag boolean,
    words text, octets bytea, json jsonb, at timestamptz)`);
});

function parameterOf(rows: readonly Row[]): Buffer {
  return encodeRows(rows, 9, (row, out) => {
    out.int8(row.whole);
    out.int4(row.word);
    out.int2(row.half);
    out.float8(row.real);
    out.bool(row.flag);
    out.text(row.words);
    out.bytea(row.octets);
    out.jsonb(row.json);
    out.timestamptz(row.atNs);
  });
}

const nullOr = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(values, { freq: 4 });
// PostgreSQL's text has no NUL, and a string of ours is whole Unicode.
const words = fc.string({ unit: "grapheme", maxLength: 60 }).filter((text) => !text.includes("\0"));
const row: fc.Arbitrary<Row> = fc.record({
  whole: nullOr(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  word: nullOr(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  half: nullOr(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
  real: nullOr(fc.double({ noNaN: true })),
  flag: nullOr(fc.boolean()),
  words: nullOr(words),
  octets: nullOr(fc.uint8Array({ maxLength: 3_000 })),
  json: nullOr(words.map((text) => JSON.stringify({ text }))),
  // 1901 to 2226.
  atNs: nullOr(fc.bigInt({ min: -(2n ** 61n), max: 2n ** 63n - 2n ** 60n })),
});

const floorToUs = (atNs: bigint): bigint => atNs - (((atNs % 1_000n) + 1_000n) % 1_000n);

test(
  "arrive as they were",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
        const { rows: found } = await pool.query(
          `select whole, word, half, real_number as real, flag, words, octets, json, at
           from unnest($1::every_kind[]) with ordinality order by ordinality`,
          [parameterOf(rows)],
        );
        const expected = rows.map(({ octets, json, atNs, ...rest }) => ({
          ...rest,
          octets: octets === null ? null : Buffer.from(octets),
          json: json === null ? null : JSON.parse(json),
          at: atNs === null ? null : floorToUs(atNs),
        }));
        const got = found.map(({ at, ...rest }: { readonly at: Timestamptz | null }) => ({
          ...rest,
          at: at === null ? null : nsFromTimestamptz(at),
        }));
        expect(got).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  },
  TIME_LIMIT_MS,
);

test("a row with a value too few is a mistake of ours", () => {
  expect(() => encodeRows([1, 2], 2, (value, out) => out.int4(value))).toThrow(
    "a row of 2 columns got 1 values",
  );
});
