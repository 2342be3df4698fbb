// Three days of virtual time: outages, restarts in order and by kill, families that pause, end and
// move. In the end no result is missing or doubled, and nothing is left behind.

import type { SourceMonitor, SourceMonitorStatus } from "@truechimer/agent";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import { expect, test } from "vitest";
import { createAgentWorld, MONITOR_V4, MONITOR_V6 } from "./_agent-world.ts";
import { createChangingSource, TOKEN_CREDENTIALS } from "./_changing-source.ts";
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
    const { clock, disk, lost, plane, sent, start } = createAgentWorld({
      servers: SERVERS,
      silent: SILENT,
      intervalMs: 30 * MINUTE_MS,
      idlePollMs: 2 * MINUTE_MS,
      quality: { delayMs: 20, jitterMs: 20, lossShare: 0.02 },
      seed,
    });
    const monitors = (v4: SourceMonitorStatus, v4Address: string): readonly SourceMonitor[] => [
      { family: "v4", address: ip(v4Address), status: v4 },
      { family: "v6", address: ip(MONITOR_V6), status: "active" },
    ];
    const source = createChangingSource(monitors("active", MONITOR_V4));
    const options = { monitors: { source, credentials: TOKEN_CREDENTIALS } };
    let process = start(options);
    let kills = 0;
    for (let hour = 0; hour < HOURS; hour += 1) {
      plane.isAway = hour % 5 === 3;
      plane.afterCounting = () => {
        if (random.fraction() < 0.1) throw new Error("the answer is lost");
      };
      if (hour % 3 === 1) {
        const status = STATUSES[Math.floor(random.fraction() * STATUSES.length)] ?? "active";
        source.set(monitors(status, hour % 2 === 0 ? MONITOR_V4 : "203.0.113.77"));
      }
      if (hour % 3 === 2) source.set(monitors("active", MONITOR_V4));
      await clock.advance(random.fraction() * 50 * MINUTE_MS);
      if (hour % 7 === 4) {
        if (hour % 2 === 0) {
          process.kill();
          kills += 1;
        } else await process.stop();
        await clock.advance(10);
        process = start(options);
      }
      await clock.advance(20 * MINUTE_MS);
    }
    plane.isAway = false;
    plane.afterCounting = () => {};
    source.set(monitors("active", MONITOR_V4));
    await clock.advance(60 * MINUTE_MS);
    await process.stop();
    await clock.advance(5_000);

    expect(lost).toEqual([]);
    expect(plane.repeated.results).toBe(0);
    expect(plane.repeated.submissions).toBeGreaterThan(10);
    // Each check that came to an end is counted, but for those that a kill or a pause cut off.
    const checks = sent.length;
    expect(plane.counted.length).toBeGreaterThanOrEqual(checks - 4 * kills - HOURS / 3);
    expect(plane.counted.length).toBeLessThanOrEqual(checks);
    expect([...disk.contents.keys()]).toEqual([]);
    // A process that was killed takes its listeners along, which here stay.
    expect([source.listeners, clock.timersPending()]).toEqual([kills, 0]);
  },
);
