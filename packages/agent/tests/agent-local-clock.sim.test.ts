import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { ip, type Simulation, simulate } from "./_simulated-agent.ts";

const GOOD = "192.0.2.1";
const TRUSTED: Readonly<Record<string, string>> = {
  "a.trusted": "192.0.2.51",
  "b.trusted": "192.0.2.52",
  "c.trusted": "192.0.2.53",
};

function simulateTrusted(names: readonly string[]): Simulation {
  const simulation = simulate({
    resolveHost: (host, family) => {
      const address = TRUSTED[host];
      return Promise.resolve(family === "v4" && address !== undefined ? [ip(address)] : []);
    },
  });
  simulation.addServer(GOOD);
  for (const address of Object.values(TRUSTED)) simulation.addServer(address);
  simulation.plane.config = {
    privateTargetsAllowed: true,
    sampleInterval: durationFromMs(2_000),
    idlePollInterval: durationFromMs(5_000),
    baseChecks: names.map((name) => new TextEncoder().encode(name)),
  };
  simulation.plane.due.push([{ ipBytes: ip(GOOD).bytes }]);
  return simulation;
}

describe("the host's clock", () => {
  test("that agrees with the trusted servers lets work begin", async () => {
    const { agent, clock, plane, sent } = simulateTrusted(Object.keys(TRUSTED));
    agent.start();
    await clock.advance(15_000);
    expect(plane.counted).toHaveLength(1);
    const probed = new Set(sent.map(({ address }) => address.text));
    expect([...probed].toSorted()).toEqual([GOOD, ...Object.values(TRUSTED)]);
  });

  test("that is an hour off takes no work, and does as soon as it is right", async () => {
    const { agent, clock, hostClock, plane } = simulateTrusted(Object.keys(TRUSTED));
    hostClock.step(3_600_000_000_000n);
    agent.start();
    await clock.advance(170_000);
    expect(plane.calls.getServers).toBe(0);
    hostClock.step(-3_600_000_000_000n);
    await clock.advance(60_000);
    expect(plane.counted).toHaveLength(1);
  });

  test("is looked at again every three minutes", async () => {
    const { agent, clock, sent } = simulateTrusted(["a.trusted"]);
    agent.start();
    await clock.advance(3_600_000);
    const looks = sent.filter(({ address }) => address.text === "192.0.2.51").length / 3;
    expect(looks).toBeGreaterThanOrEqual(19);
    expect(looks).toBeLessThanOrEqual(20);
  });

  test("is held against the servers that are named at the time, not those of the start", async () => {
    const { agent, clock, plane, sent } = simulateTrusted(["a.trusted"]);
    agent.start();
    await clock.advance(60_000);
    plane.config = {
      ...plane.config,
      baseChecks: [new TextEncoder().encode("b.trusted")],
    };
    await clock.advance(600_000);
    const before = sent.length;
    await clock.advance(1_200_000);
    const probed = new Set(sent.slice(before).map(({ address }) => address.text));
    expect([...probed]).toEqual(["192.0.2.52"]);
  });

  test("is not believed when no trusted server can be found", async () => {
    const { agent, clock, plane } = simulateTrusted(["unknown.trusted"]);
    agent.start();
    await clock.advance(600_000);
    expect(plane.calls.getServers).toBe(0);
  });

  test("is not looked at when no trusted server is named", async () => {
    const { agent, clock, plane, sent } = simulateTrusted([]);
    agent.start();
    await clock.advance(15_000);
    expect(plane.counted).toHaveLength(1);
    expect(sent).toHaveLength(3);
  });
});
