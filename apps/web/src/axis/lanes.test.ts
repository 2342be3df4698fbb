import fc from "fast-check";
import { expect, test } from "vitest";
import { fittingLabels, type LaneItem, planLanes } from "./lanes.ts";

const LIMITS = { left: 0, right: 1000, lanesMax: 12 };

function item(key: string, x: number, whisker = 0, labelWidth = 0): LaneItem {
  return { key, x, left: x - whisker, right: x + whisker, labelWidth };
}

test("marks that are apart share the lowest lane", () => {
  const plan = planLanes([item("a", 100), item("b", 300)], LIMITS);
  expect(plan?.lanes).toBe(1);
});

test("marks on one spot are stacked", () => {
  const plan = planLanes([item("a", 500), item("b", 502), item("c", 498)], LIMITS);
  expect(plan?.places.map((place) => place.lane)).toEqual([0, 1, 2]);
});

test("a label stands outward, and inward where the edge is near", () => {
  const plan = planLanes([item("a", 800, 0, 100), item("b", 990, 0, 100)], LIMITS);
  expect(plan?.places.map((place) => place.label)).toEqual(["right", "left"]);
});

test("a label that fits on no side is left out, its mark is not", () => {
  const plan = planLanes([item("a", 500, 0, 2000)], LIMITS);
  expect(plan?.places).toEqual([{ key: "a", lane: 0, label: undefined }]);
});

test("when whiskers do not fit, they may cross", () => {
  const crowd = Array.from({ length: 40 }, (_unused, index) =>
    item(`m${index}`, 100 + index * 20, 300),
  );
  expect(planLanes(crowd, LIMITS)?.whiskersApart).toBe(false);
});

test("when even the marks do not fit, there is no plan", () => {
  const crowd = Array.from({ length: 13 }, (_unused, index) => item(`m${index}`, 500));
  expect(planLanes(crowd, LIMITS)).toBeUndefined();
});

test("no two things in one lane overlap, and nothing is dropped", () => {
  const items = fc.array(
    fc.record({
      x: fc.integer({ min: 0, max: 1000 }),
      whisker: fc.integer({ min: 0, max: 40 }),
      labelWidth: fc.constantFrom(0, 0, 60),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(items, (drawn) => {
      const all = drawn.map((one, index) => item(`m${index}`, one.x, one.whisker, one.labelWidth));
      const plan = planLanes(all, LIMITS);
      expect(plan?.places.length).toBe(all.length);
      const boxes = (plan?.places ?? []).map((place, index) => {
        const one = all[index];
        if (one === undefined) throw new Error("unreachable");
        return { lane: place.lane, x: one.x };
      });
      for (const [index, box] of boxes.entries()) {
        for (const other of boxes.slice(index + 1)) {
          if (box.lane === other.lane) expect(Math.abs(box.x - other.x)).toBeGreaterThanOrEqual(18);
        }
      }
    }),
  );
});

test("labels of the axis that would touch are left out, the important ones first", () => {
  const kept = fittingLabels(
    [
      { x: 50, width: 20 },
      { x: 60, width: 20 },
      { x: 90, width: 20 },
    ],
    4,
  );
  expect(kept.map((label) => label.x)).toEqual([50, 90]);
});
