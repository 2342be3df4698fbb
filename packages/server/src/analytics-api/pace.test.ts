import type { Clock } from "@truechimer/base";
import { systemClock } from "@truechimer/base";
import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

/** Each look at it is so much later. */
function clockWithSteps(stepNs: bigint): Clock {
  let atNs = 0n;
  return {
    ...systemClock,
    monotonicNs: () => {
      atNs += stepNs;
      return atNs;
    },
  };
}

function* steps(count: number): Generator<void, void, void> {
  for (let at = 0; at < count; at += 1) yield;
}

async function othersDuring(work: () => Promise<void>): Promise<number> {
  let others = 0;
  let isOver = false;
  const next = (): void => {
    if (isOver) return;
    others += 1;
    setImmediate(next);
  };
  setImmediate(next);
  await work();
  isOver = true;
  return others;
}

test("others have their turn during work that lasts", async () => {
  const slow = new Pace(clockWithSteps(9_000_000n), new AbortController().signal);
  expect(await othersDuring(() => slow.run(steps(20)))).toBeGreaterThanOrEqual(20);
});

test("short work is done at once", async () => {
  const quick = new Pace(clockWithSteps(1_000n), new AbortController().signal);
  expect(await othersDuring(() => quick.run(steps(20)))).toBe(0);
});

test("when the caller has gone the work ends", async () => {
  const gone = new AbortController();
  const pace = new Pace(clockWithSteps(1_000n), gone.signal);
  let taken = 0;
  const work = function* (): Generator<void, void, void> {
    for (;;) {
      taken += 1;
      if (taken === 3) gone.abort(new Error("gone"));
      yield;
    }
  };
  await expect(pace.run(work())).rejects.toThrow("gone");
  expect(taken).toBe(3);
});
