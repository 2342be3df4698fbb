// An agent that dies at any point, and one whose disk is full: what is in the queue counts once.

import { silentLogger } from "@truechimer/telemetry";
import { describe, expect, test } from "vitest";
import { openSubmissionQueue } from "../src/queue/submission-queue.ts";
import { type AgentWorld, createAgentWorld } from "./_agent-world.ts";
import type { SentRequest } from "./_simulated-agent.ts";

const SERVERS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
const SECOND_MS = 1_000;

describe("an agent that is killed", () => {
  test.each(Array.from({ length: 40 }, (_, point) => point))(
    "at point %d loses nothing of its queue, and doubles nothing",
    async (point) => {
      const world = createAgentWorld({
        servers: SERVERS,
        intervalMs: 3_000,
        batchSize: 2,
        seed: point + 1,
      });
      const { clock, disk, lost, plane, start } = world;
      const killsAtMs: number[] = [];
      let process = start();
      await clock.advance(4_000);
      // Half of the time with something to deliver.
      plane.isAway = point % 2 === 0;
      for (const killAtMs of [1_000 + point * 97.3, 700 + point * 41.9, 300 + point * 13.1]) {
        await clock.advance(killAtMs);
        process.kill();
        killsAtMs.push(world.nowMs());
        // Whatever was on its way to the disk is half there.
        await clock.advance(5);
        const left = await queueOn(disk);
        plane.isAway = false;
        process = start();
        await clock.advance(20_000);
        for (const submissionId of left) expect(plane.submissions).toContain(submissionId);
      }
      await process.stop();
      expect(uncounted(world, killsAtMs)).toEqual([]);
      expect(plane.repeated.results).toBe(0);
      expect(lost).toEqual([]);
      expect(await queueOn(disk)).toEqual([]);
    },
  );

  test.each(Array.from({ length: 30 }, (_, point) => point))(
    "while the control plane is away, at point %d, loses nothing that it found a second before",
    async (point) => {
      const world = createAgentWorld({
        servers: SERVERS,
        intervalMs: 5_000,
        quality: { delayMs: 40, jitterMs: 30 },
        seed: point + 1,
      });
      const { clock, plane, sent, start } = world;
      const first = start();
      await clock.advance(7_000);
      plane.isAway = true;
      const before = sent.length;
      await clock.advance(25_000 + point * 173.3);
      first.kill();
      const killedAtMs = world.nowMs();
      expect(sent.length - before).toBeGreaterThan(SERVERS.length * 2);
      await clock.advance(5);
      plane.isAway = false;
      const second = start();
      await clock.advance(20_000);
      await second.stop();
      expect(uncounted(world, [killedAtMs])).toEqual([]);
      expect(plane.repeated.results).toBe(0);
    },
  );

  test("while it delivers sends the same again under the same id", async () => {
    const { clock, plane, start } = createAgentWorld({ servers: SERVERS, intervalMs: 60_000 });
    const first = start();
    plane.afterCounting = () => first.kill();
    await clock.advance(10_000);
    plane.afterCounting = () => {};
    expect(plane.submissions.size).toBe(1);
    start();
    await clock.advance(10_000);
    expect(plane.repeated).toEqual({ submissions: 1, results: 0 });
  });
});

test("a full disk costs nothing but safety: results are kept in memory, delivered, and on the disk again after", async () => {
  const { clock, disk, lost, plane, start } = createAgentWorld({
    servers: SERVERS,
    intervalMs: 10_000,
  });
  const agent = start();
  await clock.advance(15_000);
  disk.isFull = true;
  plane.isAway = true;
  await clock.advance(60_000);
  const counted = plane.counted.length;
  disk.isFull = false;
  await clock.advance(15_000);
  expect((await queueOn(disk)).length).toBeGreaterThan(3);
  plane.isAway = false;
  await clock.advance(200_000);
  expect(plane.counted.length - counted).toBeGreaterThan(70);
  expect(lost).toEqual([]);
  await agent.stop();
});

/** Checks of one sample that were finished and never counted, but for those that a kill came within a second after. */
function uncounted(
  { clock, nowMs, plane, sent }: AgentWorld,
  killsAtMs: readonly number[],
): readonly string[] {
  const startedAtMs = Number(clock.nowNs()) / 1e6 - nowMs();
  const isExcused = ({ atMs, endedAtMs }: SentRequest): boolean =>
    killsAtMs.some((killedAtMs) => atMs <= killedAtMs && killedAtMs - endedAtMs < SECOND_MS);
  return sent
    .filter((request) => !isExcused(request))
    .filter(({ address, endedAtMs }) =>
      plane.counted.every(
        ({ server, atMs }) =>
          server !== address.text || Math.abs(atMs - startedAtMs - endedAtMs) > 1,
      ),
    )
    .map(({ address, endedAtMs }) => `${address.text} at ${endedAtMs} ms`);
}

/** Ids of what the next start will find. */
async function queueOn(
  disk: ReturnType<typeof createAgentWorld>["disk"],
): Promise<readonly string[]> {
  const queue = await openSubmissionQueue({
    files: { ...disk.open(() => true), truncate: async () => {}, remove: async () => {} },
    clock: {
      nowNs: () => 1_767_225_600_000_000_000n,
      monotonicNs: () => 0n,
      setTimer: () => () => {},
    },
    logger: silentLogger,
    onDropped: () => {},
  });
  return queue.list().map(({ submissionId }) => submissionId);
}
