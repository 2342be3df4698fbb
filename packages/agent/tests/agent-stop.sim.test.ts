import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { STOP_LIMITS } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { ip, type Simulation, simulate } from "./_simulated-agent.ts";

const GOOD = "192.0.2.1";
const SILENT = "192.0.2.2";

function simulateWork(): Simulation {
  const simulation = simulate();
  simulation.addServer(GOOD);
  simulation.plane.config = {
    privateTargetsAllowed: true,
    sampleInterval: durationFromMs(2_000),
  };
  simulation.plane.due.push([GOOD, SILENT].map((text) => ({ ipBytes: ip(text).bytes })));
  return simulation;
}

/** Stops the agent and says how long that took. */
async function stop({ agent, clock, nowMs }: Simulation): Promise<number> {
  const startedMs = nowMs();
  await clock.advanceUntil(Promise.resolve(agent[Symbol.asyncDispose]()));
  return nowMs() - startedMs;
}

describe("a stop", () => {
  test("ends checks at their next pause, delivers what they found, and blames nobody", async () => {
    const simulation = simulateWork();
    simulation.agent.start();
    await simulation.clock.advance(1_000);
    expect(await stop(simulation)).toBeLessThanOrEqual(3_000);
    const { counted } = simulation.plane;
    expect(counted).toHaveLength(1);
    expect(counted[0]).toMatchObject({ reason: "", noResponse: false });
    expect(counted[0]?.responses).toHaveLength(1);
  });

  test("does not wait for a sample that waits too long itself", async () => {
    const simulation = simulateWork();
    simulation.plane.config = {
      ...simulation.plane.config,
      samples: 1,
      sampleTimeout: durationFromMs(10_000),
    };
    simulation.agent.start();
    await simulation.clock.advance(1_000);
    expect(await stop(simulation)).toBeLessThanOrEqual(7_000);
    expect(simulation.plane.counted.map(({ reason }) => reason)).toEqual([""]);
  });

  test("leaves no timer and takes no more work", async () => {
    const simulation = simulateWork();
    simulation.agent.start();
    await simulation.clock.advance(20_000);
    await stop(simulation);
    const calls = { ...simulation.plane.calls };
    // The virtual network keeps ports open for a second.
    await simulation.clock.advance(2_000);
    expect(simulation.clock.timersPending()).toBe(0);
    await simulation.clock.advance(3_600_000);
    expect(simulation.plane.calls).toEqual(calls);
  });

  test("gives up in time when the control plane is away, and says what is lost", async () => {
    const simulation = simulateWork();
    simulation.plane.beforeCounting = () => {
      throw new ConnectError("down", Code.Unavailable);
    };
    simulation.agent.start();
    await simulation.clock.advance(14_000);
    expect(await stop(simulation)).toBeLessThanOrEqual(STOP_LIMITS.deliveryEndsMs);
    expect(simulation.counted.lost).toEqual(["stopped", "stopped"]);
  });

  test("before the start or twice is no mistake", async () => {
    const simulation = simulateWork();
    await stop(simulation);
    await stop(simulation);
    expect(simulation.plane.calls.getConfig).toBe(0);
  });

  test("while there is no configuration is immediate", async () => {
    const simulation = simulateWork();
    simulation.plane.failures.getConfig.push(new ConnectError("down", Code.Unavailable));
    simulation.agent.start();
    await simulation.clock.advance(1_000);
    expect(await stop(simulation)).toBe(0);
    expect(simulation.clock.timersPending()).toBe(0);
  });
});
