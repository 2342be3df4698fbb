import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ageOfStep,
  playheadSearch,
  positionMs,
  readPlayhead,
  SLIDER_STEPS,
  SPEEDS,
  stepOfAge,
} from "./playhead.ts";

const AT = "2026-11-28T14:00:00.250Z";

test("the address says where the page stands and how fast it goes, and is read as it was written", () => {
  expect(readPlayhead(undefined, undefined)).toBeUndefined();
  expect(readPlayhead(undefined, "10")).toBeUndefined();
  expect(readPlayhead("half past two", "10")).toBeUndefined();
  expect(readPlayhead(AT, undefined)).toEqual({ atMs: Date.parse(AT), speed: 0 });
  expect(readPlayhead(AT, "7")).toEqual({ atMs: Date.parse(AT), speed: 0 });
  for (const speed of [0, ...SPEEDS] as const) {
    const head = { atMs: Date.parse(AT), speed };
    const { at, play } = playheadSearch(head);
    expect(readPlayhead(at, play)).toEqual(head);
  }
  expect(playheadSearch(undefined)).toEqual({ at: undefined, play: undefined });
});

test("it moves as fast as its speed says, and never ahead of now", () => {
  expect(positionMs({ atMs: 1_000, speed: 60 }, 500, 1e9)).toBe(31_000);
  expect(positionMs({ atMs: 1_000, speed: 0 }, 500, 1e9)).toBe(1_000);
  expect(positionMs({ atMs: 1_000, speed: 600 }, 500, 5_000)).toBe(5_000);
});

test("the slider reaches from the oldest check to now, and a step back and forth is the same place", () => {
  const day = 86_400_000;
  expect(ageOfStep(SLIDER_STEPS, 14 * day)).toBe(0);
  expect(ageOfStep(0, 14 * day)).toBeCloseTo(14 * day, 3);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: SLIDER_STEPS - 1 }),
      fc.integer({ min: 60_000, max: 400 * day }),
      (step, ageMsMax) => {
        const age = ageOfStep(step, ageMsMax);
        expect(age).toBeGreaterThan(ageOfStep(step + 1, ageMsMax));
        expect(stepOfAge(age, ageMsMax)).toBe(step);
      },
    ),
  );
  expect(stepOfAge(30 * day, 14 * day)).toBe(0);
});
