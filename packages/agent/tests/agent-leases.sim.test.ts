// What was handed out is checked through an outage of the control plane, and counts afterwards.

import { describe, expect, test } from "vitest";
import { createAgentWorld, longestGapMs } from "./_agent-world.ts";

const MINUTE_MS = 60_000;
const SERVERS = Array.from({ length: 20 }, (_, index) => `192.0.2.${index + 1}`);
const SILENT = SERVERS.slice(0, 2);
/** Interval, then what a check may begin late: its spread, and the look at what is due. */
const GAP_MS_MAX = MINUTE_MS + 2_500;
/** The control plane is taken for away so long after it went. */
const NOTICED_MS = 13_000;

describe("an hour without the control plane", () => {
  test.each([1, 2])(
    "misses no check that is due, and each counts once afterwards, seed %d",
    { timeout: 60_000 },
    async (seed) => {
      const { clock, lost, plane, start } = createAgentWorld({
        servers: SERVERS,
        silent: SILENT,
        intervalMs: MINUTE_MS,
        quality: { delayMs: 20, jitterMs: 10 },
        seed,
      });
      const agent = start();
      await clock.advance(5 * MINUTE_MS);
      plane.isAway = true;
      await clock.advance(60 * MINUTE_MS);
      const before = plane.counted.length;
      plane.isAway = false;
      await clock.advance(10 * MINUTE_MS);
      expect(plane.counted.length - before).toBeGreaterThan(SERVERS.length * 60);
      for (const server of SERVERS) {
        const results = plane.counted.filter((result) => result.server === server);
        expect(results.length).toBeGreaterThanOrEqual(74);
        expect(results.length).toBeLessThanOrEqual(79);
        expect(longestGapMs(plane, server)).toBeLessThanOrEqual(GAP_MS_MAX + NOTICED_MS);
      }
      expect(plane.repeated).toEqual({ submissions: 0, results: 0 });
      expect(lost).toEqual([]);
      await agent.stop();
      await clock.advance(2_000);
      expect(clock.timersPending()).toBe(0);
    },
  );

  test("also when it loses each third answer before and after", { timeout: 60_000 }, async () => {
    const { clock, lost, plane, start } = createAgentWorld({
      servers: SERVERS,
      intervalMs: MINUTE_MS,
    });
    let calls = 0;
    plane.afterCounting = () => {
      calls += 1;
      if (calls % 3 === 0) throw new Error("the connection broke");
    };
    const agent = start();
    await clock.advance(5 * MINUTE_MS);
    plane.isAway = true;
    await clock.advance(30 * MINUTE_MS);
    plane.isAway = false;
    await clock.advance(10 * MINUTE_MS);
    expect(plane.repeated.submissions).toBeGreaterThan(10);
    expect(plane.repeated.results).toBe(0);
    for (const server of SERVERS) {
      expect(longestGapMs(plane, server)).toBeLessThanOrEqual(GAP_MS_MAX + NOTICED_MS);
    }
    expect(lost).toEqual([]);
    await agent.stop();
  });
});

describe("a lease", () => {
  test("that is withdrawn is not worked on in the next outage", async () => {
    const { clock, plane, sent, start } = createAgentWorld({
      servers: SERVERS.slice(0, 3),
      intervalMs: MINUTE_MS,
    });
    start();
    await clock.advance(2 * MINUTE_MS);
    plane.withdraw("192.0.2.1");
    await clock.advance(MINUTE_MS);
    plane.isAway = true;
    const before = sent.length;
    await clock.advance(10 * MINUTE_MS);
    const during = sent.slice(before).map(({ address }) => address.text);
    expect(new Set(during)).toEqual(new Set(["192.0.2.2", "192.0.2.3"]));
    expect(during.length).toBeGreaterThanOrEqual(18);
  });

  test("ends after a day", { timeout: 60_000 }, async () => {
    const { clock, plane, sent, start } = createAgentWorld({
      servers: SERVERS.slice(0, 2),
      intervalMs: 30 * MINUTE_MS,
    });
    start();
    await clock.advance(MINUTE_MS);
    plane.isAway = true;
    await clock.advance(25 * 60 * MINUTE_MS);
    const worked = sent.length;
    expect(worked).toBeGreaterThanOrEqual(2 * 47);
    await clock.advance(5 * 60 * MINUTE_MS);
    expect(sent.length).toBe(worked);
  });

  test("that was not given is not taken", async () => {
    const { clock, plane, sent, start } = createAgentWorld({
      servers: SERVERS.slice(0, 2),
      intervalMs: MINUTE_MS,
      leased: false,
    });
    start();
    await clock.advance(5_000);
    plane.isAway = true;
    const before = sent.length;
    await clock.advance(10 * MINUTE_MS);
    expect(sent.length).toBe(before);
  });

  test("is not worked on while the control plane answers that nothing is due", async () => {
    const { clock, sent, start } = createAgentWorld({
      servers: SERVERS.slice(0, 1),
      intervalMs: MINUTE_MS,
    });
    start();
    await clock.advance(10 * MINUTE_MS);
    expect(sent.length).toBeLessThanOrEqual(10);
  });
});

describe("a dead server", () => {
  const rateOfOthers = async (silent: readonly string[], intervalMs: number): Promise<number> => {
    const servers = SERVERS.slice(0, 10);
    const { clock, plane, start } = createAgentWorld({ servers, silent, intervalMs, samples: 3 });
    start();
    await clock.advance(10 * MINUTE_MS);
    const others = servers.slice(1);
    return plane.counted.filter(({ server }) => others.includes(server)).length / others.length;
  };

  test.each([20_000, 12_000])(
    "in a batch of ten costs the others nothing, at an interval of %d ms",
    { timeout: 60_000 },
    async (intervalMs) => {
      const [alone, beside] = [
        await rateOfOthers([], intervalMs),
        await rateOfOthers(SERVERS.slice(0, 1), intervalMs),
      ];
      expect(alone).toBeGreaterThan((0.9 * 10 * MINUTE_MS) / intervalMs - 2);
      expect(beside).toBeGreaterThan(alone * 0.98);
    },
  );
});
