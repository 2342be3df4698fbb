import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, it } from "vitest";
import type { Disturbance } from "./disturbance.ts";
import { createEvidence } from "./evidence.ts";
import type { Incident } from "./incident.ts";
import { createWorld } from "./world.ts";

const WORLD = createWorld({
  servers: 1,
  monitors: 12,
  watchers: 12,
  random: unsafelyDeterministicRandom(1),
});
const NOISE_NS = 1e5;

/** When an incident that begins at 10 is visible, if its twelve ways are checked evenly in each interval. */
function visibleAfter(
  disturb: (what: Disturbance, age: number) => void,
  touched = 12,
): number | undefined {
  const incident: Incident = {
    kind: "clock step",
    fault: "server",
    ways: new Set(Array.from({ length: touched }, (_, way) => way)),
    channels: new Set(["offset"]),
    from: 10,
    until: 20,
    askedAt: 15,
    sigmas: 0,
    disturb: (what, at) => {
      disturb(what, at - 10);
    },
  };
  const evidence = createEvidence(
    incident,
    WORLD,
    WORLD.ways.map(() => NOISE_NS),
  );
  for (let check = 0; check < 120; check += 1) {
    const way = check % 12;
    if (incident.ways.has(way)) evidence.add(way, 10 + check / 12);
  }
  return evidence.visibleAfter;
}

it("a large step is visible at the second monitor's check, though the first would be sure enough", () => {
  const step = (what: Disturbance): void => {
    what.serverNs += 20 * NOISE_NS;
  };
  expect(visibleAfter(step)).toBeCloseTo(1 / 12);
  expect(visibleAfter(step, 1)).toBe(0);
});

it("of twice the noise, each check tells two units of twelve", () => {
  expect(
    visibleAfter((what) => {
      what.serverNs += 2 * NOISE_NS;
    }),
  ).toBeGreaterThan(5 / 12);
});

it("a drift is visible when it has drifted, and what stays below a fault never is", () => {
  const drift = (perInterval: number) => (what: Disturbance, age: number) => {
    what.serverNs += perInterval * NOISE_NS * age;
  };
  expect(visibleAfter(drift(0.5))).toBeGreaterThan(2.4);
  expect(visibleAfter(drift(0.1))).toBeUndefined();
});

it("one in three lost needs many requests, one in ten more than there are, and all of them two checks", () => {
  const lost = (share: number) => (what: Disturbance) => {
    what.lossShare = share;
  };
  expect(visibleAfter(lost(1))).toBeCloseTo(1 / 12);
  expect(visibleAfter(lost(0.3), 2)).toBeGreaterThan(2);
  expect(visibleAfter(lost(0.1), 2)).toBeUndefined();
});

it("nothing is never visible", () => {
  expect(visibleAfter(() => undefined)).toBeUndefined();
});
