// What an export that broke off has for certain: whole rows, however the bytes were cut.

import { csvLine } from "@truechimer/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wholeRows } from "./whole-rows.ts";

const HEADING = "sequence,at,actor_kind,actor_id,actor_name\r\n";
/** What a name could hold that a reader of lines would trip over. */
const ODD = fc.array(fc.constantFrom("a", '"', "\n", "\r\n", ",", "🕰️", "ü", "\\"), {
  maxLength: 6,
});

test("a CSV is whole up to a line break that no quotes are around, in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(ODD, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      (names, cut, size) => {
        const lines = names.map((name, index) =>
          csvLine([String(index + 1), "2026-03-01T12:00:00.000000Z", "key", "", name.join("")]),
        );
        const text = Buffer.from(HEADING + lines.join(""));
        const broken = text.subarray(0, cut % (text.length + 1));
        const rows = wholeRows("audit", "csv", true);
        const written: Uint8Array[] = [];
        for (let at = 0; at < broken.length; at += size)
          written.push(Buffer.from(rows.push(broken.subarray(at, at + size))));
        const whole = Buffer.concat(written).toString("utf8");
        const count = Math.max(0, rows.count);
        const expected = whole === "" ? "" : HEADING + lines.slice(0, count).join("");
        expect(whole).toBe(expected);
        expect(rows.bytes).toBe(Buffer.byteLength(expected));
        expect(rows.isBroken).toBe(broken.length > rows.bytes);
        expect(rows.lastKey()).toBe(count === 0 ? undefined : String(count));
        // Nothing that is whole was kept back.
        expect(broken.length - rows.bytes).toBeLessThan(
          Buffer.byteLength(count === 0 && whole === "" ? HEADING : (lines[count] ?? "x")),
        );
      },
    ),
  );
});

test("a line of JSON ends at its line break, whatever quotes are in it", () => {
  const line = (id: number): string =>
    `${JSON.stringify({ id, at: `2026-03-01T12:00:0${id}.000000Z`, server: 'a "quoted\n', x: id })}\n`;
  const rows = wholeRows("checks", "ndjson", true);
  expect(rows.lastKey()).toBeUndefined();
  rows.push(Buffer.from(line(1)));
  expect(Buffer.from(rows.push(Buffer.from(line(2) + line(3).slice(0, 9)))).toString()).toBe(
    line(2),
  );
  expect([rows.count, rows.isBroken, rows.lastKey()]).toEqual([
    2,
    true,
    "2026-03-01T12:00:02.000000Z,2",
  ]);
});

test("what has no line break is no export", () => {
  const rows = wholeRows("checks", "ndjson", true);
  const megabyte = Buffer.alloc(1_048_576, "x");
  expect(() => {
    for (let n = 0; n < 20; n += 1) rows.push(megabyte);
  }).toThrow("a row has more than");
});
