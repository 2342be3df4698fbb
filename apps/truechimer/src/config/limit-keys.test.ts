import { RATE_LIMITS } from "@truechimer/server";
import { expect, test } from "vitest";
import { limitsConfig, PLACE_LIMITS, WINDOWED_LIMITS } from "./limit-keys.ts";

test("every limit of the control plane can be set, with a window where it has one", () => {
  const names = (windowed: boolean): readonly string[] =>
    RATE_LIMITS.filter(({ windowMs }) => windowMs > 0 === windowed).map(({ name }) => name);
  expect([...WINDOWED_LIMITS].toSorted()).toEqual(names(true).toSorted());
  expect([...PLACE_LIMITS].toSorted()).toEqual(names(false).toSorted());
});

test("what is not set is left to the control plane", () => {
  expect(limitsConfig({ check_now: { max: 5 }, agent_streams: { max: 2 } })).toEqual({
    check_now: { max: 5, windowMs: undefined },
    agent_streams: { max: 2, windowMs: undefined },
  });
  expect(limitsConfig()).toEqual({});
});
