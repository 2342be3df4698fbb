// Three days of virtual time: outages, restarts in order and by kill, families that pause, end and move, and a
// certificate of three hours that is renewed through all of it. In the end no result is missing or doubled, and nothing
// is left behind.

import type { SourceMonitor, SourceMonitorStatus } from "@truechimer/agent";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { createAgentWorld, MONITOR_V4, MONITOR_V6 } from "./_agent-world.ts";
import { createEnrolledAgent } from "./_enrolled-agent.ts";
import { ip } from "./_simulated-agent.ts";

const MINUTE_MS = 60_000;
const HOURS = 72;
const SERVERS = ["192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:1::2"];
const SILENT = ["192.0.2.2"];
const STATUSES: readonly SourceMonitorStatus[] = [
  "active",
  "testing",
  "pending",
  "paused",
  "deleted",
];

test.each([1, 2])(
  "three days of an agent's life lose and double nothing, seed %d",
  { timeout: 240_000 },
  async (seed) => {
    const random = unsafelyDeterministicRandom(seed * 77);
    const world = createAgentWorld({
      servers: SERVERS,
      silent: SILENT,
      intervalMs: 30 * MINUTE_MS,
      idlePollMs: 2 * MINUTE_MS,
      quality: { delayMs: 20, jitterMs: 20, lossShare: 0.02 },
      seed,
    });
    const { clock, disk, lost, plane, sent } = world;
    const monitors = (v4: SourceMonitorStatus, v4Address: string): readonly SourceMonitor[] => [
      { family: "v4", address: ip(v4Address), status: v4 },
      { family: "v6", address: ip(MONITOR_V6), status: "active" },
    ];
    let current = monitors("active", MONITOR_V4);
    // Renewed after two hours, so that an outage of an hour falls into the last third again and again.
    const agent = await createEnrolledAgent({
      world,
      random,
      lifeMs: 180 * MINUTE_MS,
      monitors: () => current,
    });
    await agent.start();
    let kills = 0;
    for (let hour = 0; hour < HOURS; hour += 1) {
      plane.isAway = hour % 5 === 3;
      plane.afterCounting = () => {
        if (random.fraction() < 0.1) throw new Error("the answer is lost");
      };
      if (hour % 3 === 1) {
        const status = STATUSES[Math.floor(random.fraction() * STATUSES.length)] ?? "active";
        current = monitors(status, hour % 2 === 0 ? MONITOR_V4 : "203.0.113.77");
      }
      if (hour % 3 === 2) current = monitors("active", MONITOR_V4);
      if (hour % 13 === 6) agent.diesAtRenewal = true;
      await agent.advance(random.fraction() * 50 * MINUTE_MS);
      if (hour % 7 === 4 && agent.isAlive) {
        if (hour % 2 === 0) {
          agent.kill();
          kills += 1;
        } else await agent.stop();
        await clock.advance(10);
        await agent.start();
      }
      if (!agent.isAlive) {
        kills += 1;
        await agent.start();
      }
      await agent.advance(20 * MINUTE_MS);
      if (!agent.isAlive) {
        kills += 1;
        await agent.start();
        await agent.advance(20 * MINUTE_MS);
      }
      // An outage may outlive a certificate; with the control plane there, twenty minutes are enough for another.
      if (!plane.isAway) expect(agent.isCertified).toBe(true);
    }
    plane.isAway = false;
    agent.diesAtRenewal = false;
    plane.afterCounting = () => {};
    current = monitors("active", MONITOR_V4);
    await agent.advance(60 * MINUTE_MS);
    await agent.stop();
    await clock.advance(5_000);

    expect(lost).toEqual([]);
    expect(plane.repeated.results).toBe(0);
    expect(plane.repeated.submissions).toBeGreaterThan(10);
    // Each check that came to an end is counted, but for those that a kill or a pause cut off.
    const checks = sent.length;
    expect(plane.counted.length).toBeGreaterThanOrEqual(checks - 4 * kills - HOURS / 3);
    expect(plane.counted.length).toBeLessThanOrEqual(checks);
    expect([...disk.contents.keys()]).toEqual([]);
    const { issued, used, unanswered } = agent.certificates;
    expect(issued).toBeGreaterThanOrEqual(24);
    expect(unanswered).toBeGreaterThan(10);
    // Each that arrived was used for the calls after it.
    expect(used).toBeGreaterThanOrEqual(20);
    expect([agent.left, clock.timersPending()]).toEqual([0, 0]);
  },
);
