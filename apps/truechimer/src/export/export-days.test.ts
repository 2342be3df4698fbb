// Whole days alone, in UTC.

import { describe, expect, test } from "vitest";
import { daysOf, nextDay } from "./export-days.ts";

const ns = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
const nowNs = ns("2026-03-02T09:30:00Z");
const none = { fromNs: undefined, toNs: undefined, newestThere: undefined, nowNs };

describe("days", () => {
  test.each([
    [
      "from a day until the last one that is over",
      { fromNs: ns("2026-02-27") },
      ["2026-02-27", "2026-02-28", "2026-03-01"],
    ],
    [
      "from within a day: the next one is whole",
      { fromNs: ns("2026-02-28T00:00:01Z") },
      ["2026-03-01"],
    ],
    [
      "to a day, which is excluded",
      { fromNs: ns("2026-02-27"), toNs: ns("2026-02-28T12:00Z") },
      ["2026-02-27"],
    ],
    [
      "to a day that is not over",
      { fromNs: ns("2026-03-01"), toNs: ns("2026-05-01") },
      ["2026-03-01"],
    ],
    ["after the newest that is there", { newestThere: "2026-02-28" }, ["2026-03-01"]],
    ["none when all are there", { newestThere: "2026-03-01" }, []],
  ] as const)("%s", (_name, asked, expected) => {
    expect(daysOf({ ...none, ...asked })).toEqual(expected);
  });

  test("need a beginning, and one of this century", () => {
    expect(() => daysOf(none)).toThrow("say from which one on");
    expect(() => daysOf({ ...none, fromNs: 0n, nowNs: ns("2099-01-01") })).toThrow(
      "days are too many",
    );
  });

  test("end where the next begins", () => {
    expect(nextDay("2024-02-28")).toBe("2024-02-29");
    expect(nextDay("2026-12-31")).toBe("2027-01-01");
  });
});
