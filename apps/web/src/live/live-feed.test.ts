import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import {
  acceptedSpan,
  EMPTY_FEED,
  LIVE_CHECKS_MAX,
  laterThan,
  missedWords,
  withAnswer,
} from "./live-feed.ts";
import { checksUntil, shownMs } from "./shown-check.ts";

interface Answer {
  readonly atMs?: readonly number[];
  readonly position?: string;
  readonly missed?: bigint;
}

function answerOf({ atMs = [], position = "", missed }: Answer): adminV1.WatchResultsResponse {
  return create(adminV1.WatchResultsResponseSchema, {
    position,
    checks: atMs.map((ms) => ({ acceptedAt: timestampFromMs(ms) })),
    ...(missed === undefined ? {} : { missed: { reason: "slow", checks: missed } }),
  });
}

test("the newest stands first, and the position is where to go on", () => {
  const first = withAnswer(EMPTY_FEED, answerOf({ atMs: [1_000, 2_000], position: "a" }));
  const second = withAnswer(first, answerOf({ atMs: [3_000], position: "b" }));
  expect(second.checks.map(shownMs)).toEqual([3_000, 2_000, 1_000]);
  expect(second.position).toBe("b");
});

test("a heartbeat moves the position on and keeps the very rows; one without a position keeps the old one", () => {
  const first = withAnswer(EMPTY_FEED, answerOf({ atMs: [1_000], position: "a" }));
  const beat = withAnswer(first, answerOf({ position: "b" }));
  expect(beat.checks).toBe(first.checks);
  expect(beat.position).toBe("b");
  expect(withAnswer(beat, answerOf({})).position).toBe("b");
});

test("the page keeps so many checks, and says how many it has forgotten", () => {
  const atMs = Array.from({ length: LIVE_CHECKS_MAX + 7 }, (_, index) => index);
  const feed = withAnswer(EMPTY_FEED, answerOf({ atMs }));
  expect(feed.checks).toHaveLength(LIVE_CHECKS_MAX);
  expect(feed.checks.map(shownMs).at(-1)).toBe(7);
  expect(feed.forgotten).toBe(7);
});

test("as of an instant nothing is shown that came later", () => {
  const { checks } = withAnswer(EMPTY_FEED, answerOf({ atMs: [1, 2, 3, 2, 5] }));
  const at = (untilMs: number): readonly number[] => checksUntil(checks, untilMs).map(shownMs);
  expect(at(9)).toEqual([5, 2, 3, 2, 1]);
  expect(at(4)).toEqual([2, 3, 2, 1]);
  expect(at(2)).toEqual([2, 2, 1]);
  expect(at(0)).toEqual([]);
  expect(acceptedSpan(checks)).toEqual({ firstMs: 1, lastMs: 5 });
  expect(acceptedSpan([])).toBeUndefined();
});

test("what was missed is added up, and said in words", () => {
  expect(missedWords(EMPTY_FEED)).toBeUndefined();
  const some = withAnswer(
    withAnswer(EMPTY_FEED, answerOf({ missed: 5n })),
    answerOf({ missed: 2n }),
  );
  expect(missedWords(some)).toMatch(/^7 checks came/);
  expect(missedWords(withAnswer(some, answerOf({ missed: 0n })))).toMatch(/^7 or more checks/);
  expect(missedWords(withAnswer(EMPTY_FEED, answerOf({ missed: 0n })))).toMatch(/^Some checks/);
});

test("a page that stands still keeps its checks and counts what it does not show, however many come", () => {
  const feed = withAnswer(EMPTY_FEED, answerOf({ atMs: [1, 2, 3] }));
  const stop = { feed, untilMs: 2 };
  expect(laterThan(stop, feed)).toBe(1);
  const atMs = Array.from({ length: 2 * LIVE_CHECKS_MAX }, (_, index) => 10 + index);
  const now = withAnswer(feed, answerOf({ atMs }));
  expect(laterThan(stop, now)).toBe(1 + 2 * LIVE_CHECKS_MAX);
  expect(checksUntil(stop.feed.checks, stop.untilMs).map(shownMs)).toEqual([2, 1]);
});
