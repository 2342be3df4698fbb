import { expect, test } from "vitest";
import { peerTimeFinding, peerTimeFrom } from "./peer-time.ts";

const SENT_MS = Date.UTC(2026, 2, 1, 12, 0, 0, 400);

function findingAt(date: string, receivedMs = SENT_MS + 40) {
  const time = peerTimeFrom(date, { sentMs: SENT_MS, receivedMs });
  return time === undefined ? undefined : peerTimeFinding(time, "keep the clock");
}

test("a clock within a second of the control plane's is not called good, for nothing exact is known", () => {
  const finding = findingAt("Sun, 01 Mar 2026 12:00:00 GMT");
  expect(finding).toMatchObject({ what: "clock", health: "warning" });
  expect(finding?.found).toMatch(/^not off by more than \d+ ms from the control plane's/);
});

test.each([
  { name: "behind", date: "Sun, 01 Mar 2026 12:03:00 GMT", says: /3\.00 min behind|180 s behind/ },
  {
    name: "ahead",
    date: "Sun, 01 Mar 2026 11:00:00 GMT",
    says: /(3\.60 ks|3600 s|60\.0 min|1\.00 h) ahead of/,
  },
])("a clock that is far $name is a problem, with its amount", ({ date, says }) => {
  const finding = findingAt(date);
  expect(finding).toMatchObject({ health: "problem", remedy: "keep the clock" });
  expect(finding?.found).toMatch(says);
});

test("a slow answer is no reason to doubt the clock", () => {
  expect(findingAt("Sun, 01 Mar 2026 12:00:09 GMT", SENT_MS + 15_000)?.health).toBe("warning");
});

test.each([null, "", "yesterday"])("the date %j says nothing", (date) => {
  expect(peerTimeFrom(date, { sentMs: SENT_MS, receivedMs: SENT_MS })).toBeUndefined();
});
