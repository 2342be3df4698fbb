// An agent that is started again while the control plane is away goes on with what it was given before.

import { unsafelyDeterministicRandom } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { silentLogger } from "@truechimer/telemetry";
import { describe, expect, test } from "vitest";
import { createLeaseFile, type LeaseFile } from "../src/lease-file.ts";
import { decodeStoredLeases } from "../src/stored-leases.ts";
import { type AgentWorld, createAgentWorld, longestGapMs } from "./_agent-world.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./identity/_memory-file-system.ts";

const MINUTE_MS = 60_000;
const SERVERS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
const DIRECTORY = "/state/prod";
const PATH = `${DIRECTORY}/leases`;

function leaseFile(files: MemoryFileSystem): LeaseFile {
  return createLeaseFile({ files, directory: DIRECTORY, random: unsafelyDeterministicRandom(7) });
}

function createWorld(): AgentWorld {
  return createAgentWorld({ servers: SERVERS, intervalMs: MINUTE_MS });
}

/** Who was asked in the next `ms`, and how often. */
async function askedIn({ clock, sent }: AgentWorld, ms: number): Promise<Map<string, number>> {
  const before = sent.length;
  await clock.advance(ms);
  const asked = new Map<string, number>();
  for (const { address } of sent.slice(before)) {
    asked.set(address.text, (asked.get(address.text) ?? 0) + 1);
  }
  return asked;
}

describe("an agent that is started again while the control plane is away", () => {
  test.each(["killed", "stopped"])(
    "after it was %s goes on checking, at the beat of before, and it all counts once",
    async (how) => {
      const world = createWorld();
      const { clock, plane, start } = world;
      const files = createMemoryFileSystem();
      const first = start({ leaseFile: leaseFile(files) });
      await clock.advance(5 * MINUTE_MS);
      plane.isAway = true;
      await clock.advance(3 * MINUTE_MS);
      if (how === "stopped") await first.stop();
      else first.kill();
      const second = start({ leaseFile: leaseFile(files.afterKill()) });
      const asked = await askedIn(world, 30 * MINUTE_MS);
      for (const server of SERVERS) {
        expect(asked.get(server)).toBeGreaterThanOrEqual(29);
        expect(asked.get(server)).toBeLessThanOrEqual(31);
      }
      plane.isAway = false;
      await clock.advance(5 * MINUTE_MS);
      // One may have been under way when it died; the one after it came when it was due.
      for (const server of SERVERS) {
        expect(longestGapMs(plane, server)).toBeLessThanOrEqual(2 * MINUTE_MS + 15_000);
      }
      expect(plane.repeated).toEqual({ submissions: 0, results: 0 });
      await second.stop();
      await clock.advance(2_000);
      // Timers of a process that is gone stay in the virtual clock.
      if (how === "stopped") expect(clock.timersPending()).toBe(0);
    },
  );

  test("again and again asks nobody more often than it should", async () => {
    const world = createWorld();
    const { clock, plane, sent, start } = world;
    let files = createMemoryFileSystem();
    let process = start({ leaseFile: leaseFile(files) });
    await clock.advance(3 * MINUTE_MS);
    plane.isAway = true;
    const before = sent.length;
    for (let restart = 0; restart < 40; restart += 1) {
      process.kill();
      files = files.afterKill();
      process = start({ leaseFile: leaseFile(files) });
      await clock.advance(14_000);
    }
    const minutes = (40 * 14_000) / MINUTE_MS;
    expect(sent.length - before).toBeLessThanOrEqual(SERVERS.length * (minutes + 1));
    expect(sent.length - before).toBeGreaterThanOrEqual(SERVERS.length * (minutes - 4));
  });

  test("leaves alone what was withdrawn, and asks for what was withdrawn meanwhile", async () => {
    const world = createWorld();
    const { clock, plane, start } = world;
    const files = createMemoryFileSystem();
    const first = start({ leaseFile: leaseFile(files) });
    await clock.advance(2 * MINUTE_MS);
    plane.withdraw("192.0.2.1");
    await clock.advance(MINUTE_MS);
    first.kill();
    plane.isAway = true;
    plane.withdraw("192.0.2.2");
    start({ leaseFile: leaseFile(files.afterKill()) });
    // The control plane could not say so yet.
    expect(await askedIn(world, 5 * MINUTE_MS)).toEqual(
      new Map([
        ["192.0.2.2", expect.any(Number) as number],
        ["192.0.2.3", expect.any(Number) as number],
      ]),
    );
    plane.isAway = false;
    await clock.advance(2 * MINUTE_MS);
    plane.isAway = true;
    const asked = await askedIn(world, 5 * MINUTE_MS);
    expect([...asked.keys()]).toEqual(["192.0.2.3"]);
  });

  test("drops leases that ended meanwhile", async () => {
    const world = createWorld();
    const { clock, plane, start } = world;
    const files = createMemoryFileSystem();
    const first = start({ leaseFile: leaseFile(files) });
    await clock.advance(2 * MINUTE_MS);
    plane.isAway = true;
    first.kill();
    await clock.advance(24 * 60 * MINUTE_MS);
    start({ leaseFile: leaseFile(files.afterKill()) });
    expect(await askedIn(world, 5 * MINUTE_MS)).toEqual(new Map());
  });

  test("does nothing under leases of another control plane", async () => {
    const world = createWorld();
    const { clock, plane, start } = world;
    const files = createMemoryFileSystem();
    const first = start({ leaseFile: leaseFile(files) });
    await clock.advance(2 * MINUTE_MS);
    plane.isAway = true;
    first.kill();
    start({ leaseFile: leaseFile(files.afterKill()), apiUrl: "http://another.invalid" });
    expect(await askedIn(world, 5 * MINUTE_MS)).toEqual(new Map());
  });
});

describe("a kill at any step of a write", () => {
  /** One to make the file, one that replaces it. */
  const STEPS = 12;
  const survivors = [
    ["a kill", (files: MemoryFileSystem) => files.afterKill()],
    ["a loss of power", (files: MemoryFileSystem) => files.afterPowerLoss({ names: false })],
    ["one that kept names", (files: MemoryFileSystem) => files.afterPowerLoss({ names: true })],
  ] as const;
  test.each(
    survivors.flatMap(([name, after]) =>
      Array.from({ length: STEPS + 1 }, (_, step) => ({ name, step, after })),
    ),
  )("leaves the old leases or the new ones: step $step, $name", async ({ step, after }) => {
    const world = createWorld();
    const { clock, plane, start } = world;
    const files = createMemoryFileSystem();
    files.killAt(step);
    const first = start({ leaseFile: leaseFile(files) });
    await clock.advance(30_000);
    plane.withdraw("192.0.2.1");
    await clock.advance(5_000);
    expect(files.steps).toBe(step);
    first.kill();
    plane.isAway = true;
    const left = after(files);
    start({ leaseFile: leaseFile(left) });
    const asked = [...(await askedIn(world, 3 * MINUTE_MS)).keys()].toSorted();
    // The first write has six steps, and the name stands after the fifth.
    const old = step >= 5 ? SERVERS : [];
    const changed = SERVERS.slice(1);
    if (step === STEPS) expect(asked).toEqual(changed);
    else expect([[], old, changed]).toContainEqual(asked);
    if (step >= 6) expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(left.paths().filter((path) => path.includes("damaged"))).toEqual([]);
  });
});

describe("the file", () => {
  /** One that has leases in it. */
  async function written(): Promise<{ world: AgentWorld; files: MemoryFileSystem }> {
    const world = createWorld();
    const files = createMemoryFileSystem();
    const first = world.start({ leaseFile: leaseFile(files) });
    await world.clock.advance(30_000);
    world.plane.isAway = true;
    first.kill();
    return { world, files: files.afterKill() };
  }

  test.each<[name: string, damage: (text: string) => string]>([
    ["cut off", (text) => text.slice(0, -10)],
    ["empty", () => ""],
    ["another's", () => "hello\n"],
    [
      "changed in one place",
      (text) => text.replace("192", "193").replace("takenInAtMs", "takenInAtMz"),
    ],
    ["of a later version", (text) => text.replace("leases 1", "leases 2")],
  ])("that is %s is kept aside with a message, and the agent works", async (_, damage) => {
    const { world, files } = await written();
    const damaged = damage(files.text(PATH) ?? "");
    files.put(PATH, damaged);
    const told: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      child: () => logger,
      error: (_fields: object, message: string) => void told.push(message),
    };
    world.start({ leaseFile: leaseFile(files), logger });
    expect(await askedIn(world, 3 * MINUTE_MS)).toEqual(new Map());
    expect(told).toEqual(["leases of an earlier run are damaged: kept aside"]);
    expect(files.text(`${PATH}.damaged`)).toBe(damaged);
    world.plane.isAway = false;
    expect((await askedIn(world, 3 * MINUTE_MS)).size).toBe(3);
    expect(decodeStoredLeases(Buffer.from(files.text(PATH) ?? "")).ok).toBe(true);
  });

  test("that cannot be written costs nothing but what it is for, and is written later", async () => {
    const world = createWorld();
    const files = createMemoryFileSystem();
    files.refuseWrites("ENOSPC");
    world.start({ leaseFile: leaseFile(files) });
    expect((await askedIn(world, 3 * MINUTE_MS)).size).toBe(3);
    expect(files.paths()).toEqual([]);
    files.refuseWrites(undefined);
    await world.clock.advance(2 * MINUTE_MS);
    expect(files.paths()).toEqual([PATH]);
  });

  test("is written seldom: leases that are only renewed change it once an hour", async () => {
    const world = createWorld();
    const files = createMemoryFileSystem();
    const process = world.start({ leaseFile: leaseFile(files) });
    const writes = (): number => files.taken.filter((step) => step === "rename").length;
    await world.clock.advance(MINUTE_MS);
    expect(writes()).toBe(1);
    await world.clock.advance(180 * MINUTE_MS);
    expect(writes()).toBeLessThanOrEqual(4);
    await process.stop();
    expect(writes()).toBeLessThanOrEqual(5);
  });
});
