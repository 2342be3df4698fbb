import { type IncidentTold, runAlerts } from "@truechimer/testing-sim";
import { describe, expect, it } from "vitest";

const WORLD = { servers: 40, monitors: 24, watchers: 12, incidents: 18, seed: 11 };
const PATIENCE = { holdsMs: 20_000, recoversMs: 180_000 };

describe("40 servers, each watched by 12 of 24 monitors, 18 incidents of nine causes, a third of them at once, four rules", () => {
  const { told, messages, unexplained } = runAlerts({ ...WORLD, ...PATIENCE });
  const isTold = ({ toldAfter }: IncidentTold): boolean => toldAfter !== undefined;

  it("four of five are told, and nine of ten of those within two intervals of being seen", () => {
    expect(told).toHaveLength(WORLD.incidents);
    expect(told.filter(isTold).length).toBeGreaterThanOrEqual(0.8 * WORLD.incidents);
    const late = told.filter(({ toldAfter = 0, seenAfter = 0 }) => toldAfter - seenAfter > 2);
    expect(late.length).toBeLessThanOrEqual(0.1 * WORLD.incidents);
  });

  it("nine of ten are told within two intervals of when their checks could show them, unless their servers were known", () => {
    const visible = told.filter(({ visibleAfter }) => visibleAfter !== undefined);
    expect(visible.length).toBeGreaterThan(0.9 * WORLD.incidents);
    const late = visible.filter(
      ({ toldAfter = 0, visibleAfter = 0, wasKnown }) => !wasKnown && toldAfter - visibleAfter > 2,
    );
    expect(late.length).toBeLessThanOrEqual(0.1 * WORLD.incidents);
  });

  it("each is told once, whichever servers it takes with it, and hardly anything else is", () => {
    expect((messages - unexplained) / told.filter(isTold).length).toBeLessThanOrEqual(1.1);
    expect(unexplained).toBeLessThanOrEqual(0.2 * messages);
  });

  it("a monitor's clock is one message, and not one of each of its servers", () => {
    const clocks = told.filter(({ incident }) => incident.kind === "monitor clock");
    expect(clocks.map((each) => each.messages)).toEqual([1, 1]);
  });
});
