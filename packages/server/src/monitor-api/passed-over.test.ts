import { describe, expect, test } from "vitest";
import { BEFORE_ALL_TURNS, createPassedOver } from "./passed-over.ts";

const PLACE = { queueTs: "2026-03-01 12:00:00+00", serverId: 7n };
const LATER = { queueTs: "2026-03-01 12:00:01+00", serverId: 3n };
const SECOND_NS = 1_000_000_000n;

function useClock(): { nowNs: bigint; monotonicNs(): bigint } {
  return {
    nowNs: 0n,
    monotonicNs() {
      return this.nowNs;
    },
  };
}

describe("turns that were looked at in vain", () => {
  test("are looked at again while they are few", () => {
    const passedOver = createPassedOver(useClock());
    passedOver.note(1n, 3, PLACE, 9);
    expect(passedOver.from(1n, 3)).toEqual(BEFORE_ALL_TURNS);
  });

  test("are passed over when they are many, by their monitor and in their pace alone", () => {
    const passedOver = createPassedOver(useClock());
    passedOver.note(1n, 3, PLACE, 10);
    expect(passedOver.from(1n, 3)).toEqual(PLACE);
    expect(passedOver.from(1n, 2)).toEqual(BEFORE_ALL_TURNS);
    expect(passedOver.from(2n, 3)).toEqual(BEFORE_ALL_TURNS);
  });

  test("are all looked at five seconds later, however often some were passed over since", () => {
    const clock = useClock();
    const passedOver = createPassedOver(clock);
    passedOver.note(1n, 3, PLACE, 10);
    clock.nowNs += 4n * SECOND_NS;
    passedOver.note(1n, 3, LATER, 0);
    expect(passedOver.from(1n, 3)).toEqual(LATER);
    clock.nowNs += SECOND_NS;
    expect(passedOver.from(1n, 3)).toEqual(BEFORE_ALL_TURNS);
  });
});
