import { rightOfDecided, runIncidents, summarizeIncidents } from "@truechimer/testing-sim";
import { describe, expect, it } from "vitest";

const WORLD = { servers: 40, monitors: 24, watchers: 12, incidents: 54 };

describe("40 servers, each watched by 12 of 24 monitors, 54 incidents of nine causes, a third of them at once", () => {
  const run = runIncidents({ ...WORLD, seed: 11 });
  const summary = summarizeIncidents(run, WORLD.servers);

  it("whose fault it is, is right in nineteen of twenty decided cases, and decided in four of five", () => {
    expect(summary.all.incidents).toBe(WORLD.incidents);
    expect(rightOfDecided(summary.all)).toBeGreaterThanOrEqual(0.95);
    expect(summary.all.answers.cannot_tell / WORLD.incidents).toBeLessThanOrEqual(0.2);
  });

  it("no server is blamed for what a monitor did", () => {
    expect(summary.serversBlamedForMonitors).toBe(0);
  });

  it("incidents do overlap, and small ones are among them", () => {
    expect(run.decisions.filter(({ isOverlapping }) => isOverlapping).length).toBeGreaterThan(
      WORLD.incidents / 6,
    );
    expect(summary.small.incidents).toBeGreaterThan(3);
  });

  it("one seed replays it", () => {
    const again = { ...WORLD, incidents: 9, seed: 12 };
    expect(summarizeIncidents(runIncidents(again), 40)).toEqual(
      summarizeIncidents(runIncidents(again), 40),
    );
  });
});
