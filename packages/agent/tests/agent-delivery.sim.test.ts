import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { isUlid } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { codedError } from "./_fake-control-plane.ts";
import { ip, type Simulation, type SimulationOptions, simulate } from "./_simulated-agent.ts";

const GOOD = "192.0.2.1";
const OURS = {
  samples: 1,
  privateTargetsAllowed: true,
  sampleInterval: durationFromMs(2_000),
  idlePollInterval: durationFromMs(30_000),
};

function due(...addresses: readonly string[]): { readonly ipBytes: Uint8Array }[] {
  return addresses.map((address) => ({ ipBytes: ip(address).bytes }));
}

function simulateWithServer(options: SimulationOptions = {}): Simulation {
  const simulation = simulate(options);
  simulation.addServer(GOOD);
  simulation.plane.config = OURS;
  return simulation;
}

describe("a submission", () => {
  test("is sent again under the same id until the control plane takes it", async () => {
    const { agent, clock, counted, plane } = simulateWithServer();
    const down = (): ConnectError => new ConnectError("down", Code.Unavailable);
    plane.failures.submitResults.push(down(), down(), down(), down(), down());
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(60_000);
    expect(plane.calls.submitResults).toBe(6);
    expect(plane.counted).toHaveLength(1);
    expect(counted).toMatchObject({ accepted: 1, lost: [] });
    expect(isUlid(plane.received[0]?.submissionId ?? "")).toBe(true);
  });

  test("whose answer was lost counts once", async () => {
    const { agent, clock, counted, plane } = simulateWithServer();
    let lost = 2;
    plane.afterCounting = () => {
      lost -= 1;
      if (lost >= 0) throw new ConnectError("connection reset", Code.Aborted);
    };
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(30_000);
    expect(plane.received).toHaveLength(3);
    expect(new Set(plane.received.map(({ submissionId }) => submissionId)).size).toBe(1);
    expect(plane.counted).toHaveLength(1);
    expect(counted.accepted).toBe(1);
  });

  test("survives an outage of two hours", async () => {
    const { agent, clock, counted, plane } = simulateWithServer();
    let isDown = true;
    plane.afterCounting = () => {
      if (isDown) throw new ConnectError("down", Code.Unavailable);
    };
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(2 * 3_600_000);
    isDown = false;
    await clock.advance(125_000);
    expect(plane.counted).toHaveLength(1);
    expect(counted.accepted).toBe(1);
    // Backing off to two minutes means at most about 65 tries, not thousands.
    expect(plane.calls.submitResults).toBeLessThan(120);
  });

  test.each([
    ["ticket_expired", Code.FailedPrecondition],
    ["bad_ticket", Code.InvalidArgument],
    ["batch_out_of_order", Code.FailedPrecondition],
  ] as const)("that is refused with %s is given up at once", async (code, connectCode) => {
    const { agent, clock, counted, plane } = simulateWithServer();
    plane.failures.submitResults.push(codedError(code, connectCode));
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(60_000);
    expect(plane.calls.submitResults).toBe(1);
    expect(counted).toMatchObject({ accepted: 0, lost: [code] });
  });

  test("with an odd refused result counts for all the others", async () => {
    const { agent, addServer, clock, counted, plane } = simulateWithServer();
    addServer("192.0.2.7");
    plane.refused = [{ index: 0, code: "unassigned_server", message: "not yours" }];
    plane.due.push(due(GOOD, "192.0.2.7"));
    agent.start();
    await clock.advance(10_000);
    expect(counted).toMatchObject({ accepted: 1, lost: ["unassigned_server"] });
  });

  test("that cannot be delivered keeps no other from being delivered", async () => {
    const { agent, addServer, clock, plane } = simulateWithServer();
    addServer("192.0.2.7");
    addServer("192.0.2.8");
    let first: string | undefined;
    plane.beforeCounting = ({ submissionId }) => {
      first ??= submissionId;
      if (submissionId === first) throw new ConnectError("poison", Code.Internal);
    };
    plane.due.push(due(GOOD), due("192.0.2.7"), due("192.0.2.8"));
    agent.start();
    await clock.advance(60_000);
    expect(plane.counted).toHaveLength(2);
  });

  test("waits while others are made; when there is no room any more the oldest are dropped, and counted", async () => {
    const { agent, clock, counted, plane } = simulateWithServer({
      queueLimits: { memoryBytesMax: 4_000 },
    });
    let isDown = true;
    plane.beforeCounting = () => {
      if (isDown) throw new ConnectError("down", Code.Unavailable);
    };
    agent.start();
    for (let batch = 0; batch < 20; batch += 1) {
      plane.due.push(due(GOOD));
      await clock.advance(30_000);
    }
    isDown = false;
    await clock.advance(200_000);
    expect(plane.counted.length).toBeGreaterThan(5);
    expect(new Set(counted.lost)).toEqual(new Set(["queue_full"]));
    expect(counted.lost.length + plane.counted.length).toBe(20);
  });
});

describe("a control plane of the NTP Pool", () => {
  const THEIRS = { samples: 1 };
  const PUBLIC = "8.8.4.4";
  const SILENT = "8.8.8.8";

  test("gets version 4 after it refused version 5, and from then on only that", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(PUBLIC);
    plane.config = THEIRS;
    plane.versionMax = 4;
    plane.due.push(due(PUBLIC, SILENT), due(PUBLIC));
    agent.start();
    await clock.advance(60_000);
    expect(plane.received.map(({ version }) => version)).toEqual([5, 4, 4]);
    expect(plane.counted).toHaveLength(3);
    expect(plane.counted[0]).toMatchObject({ error: "", reason: "", responses: [] });
    expect(plane.counted[0]?.port).toBeUndefined();
    expect(plane.counted[1]).toMatchObject({ error: "network: i/o timeout", noResponse: true });
    expect(plane.received[1]?.submissionId).toBeUndefined();
  });

  test("gets one batch after the other, because it refuses those that come late", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(PUBLIC);
    plane.config = THEIRS;
    plane.versionMax = 4;
    plane.due.push(due(SILENT), due(PUBLIC));
    agent.start();
    await clock.advance(60_000);
    expect(plane.counted.map(({ noResponse }) => noResponse)).toEqual([true, false]);
  });

  test("never gets a batch twice, because it would count it twice", async () => {
    const { agent, addServer, clock, counted, plane } = simulate();
    addServer(PUBLIC);
    plane.config = THEIRS;
    plane.versionMax = 4;
    plane.due.push(due(PUBLIC), due(PUBLIC));
    agent.start();
    await clock.advance(1_000);
    expect(plane.counted).toHaveLength(1);
    plane.afterCounting = () => {
      throw new ConnectError("connection reset", Code.Aborted);
    };
    await clock.advance(60_000);
    expect(plane.counted).toHaveLength(2);
    expect(counted).toMatchObject({ accepted: 1, lost: ["aborted"] });
  });
});

test("a control plane of ours never gets version 4, whatever fails on the way", async () => {
  const { agent, clock, plane } = simulateWithServer();
  let failures = 3;
  plane.beforeCounting = () => {
    failures -= 1;
    if (failures >= 0) throw new ConnectError("a proxy's 500", Code.Unknown);
  };
  plane.due.push(due(GOOD));
  agent.start();
  await clock.advance(30_000);
  expect(plane.received.map(({ version }) => version)).toEqual([5, 5, 5, 5]);
  expect(plane.counted).toHaveLength(1);
});
