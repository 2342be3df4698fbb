import { unsafelyDeterministicRandom } from "@truechimer/base";
import { referenceIdFromText } from "@truechimer/ntp";
import { describe, expect, it } from "vitest";
import { createHostClock, createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
import { createVirtualNetwork, type PathQuality, type VirtualNetwork } from "./virtual-network.ts";
import { createVirtualProbe, type VirtualProbe } from "./virtual-probe.ts";
import {
  createVirtualServer,
  NTP_PORT,
  type VirtualServer,
  type VirtualServerOptions,
} from "./virtual-server.ts";

interface World {
  readonly clock: VirtualClock;
  readonly network: VirtualNetwork;
  readonly probe: VirtualProbe;
  readonly server: VirtualServer;
}

interface WorldOptions {
  readonly quality?: Partial<PathQuality>;
  readonly serverOffsetNs?: bigint;
  readonly distort?: VirtualServerOptions["distort"];
}

function createWorld({ quality = {}, serverOffsetNs = 0n, distort }: WorldOptions = {}): World {
  const clock = createVirtualClock();
  const random = unsafelyDeterministicRandom(1);
  const network = createVirtualNetwork({ clock, random, quality });
  const serverClock = createHostClock({ base: clock, offsetNs: serverOffsetNs });
  const server = createVirtualServer({
    network,
    host: "server",
    clock: serverClock,
    ...(distort && { distort }),
  });
  return {
    clock,
    network,
    server,
    probe: createVirtualProbe({ network, random, clock, host: "agent" }),
  };
}

describe("an exchange over the virtual network", () => {
  it("measures a server's offset exactly when both ways take equally long", async () => {
    const { clock, probe, server } = createWorld({ serverOffsetNs: 40_000_000n });
    const sample = await clock.advanceUntil(probe.exchange("server"));
    expect(sample).toMatchObject({
      reason: undefined,
      measurement: { offsetNs: 40_000_000n, delayNs: 10_000_000n },
    });
    expect(server.requests()).toBe(1);
    await clock.advance(10_000);
    expect(clock.timersPending()).toBe(0);
  });

  it("errs by half of the asymmetry, within its bound", async () => {
    const { clock, network, probe } = createWorld();
    network.setPath("agent", "server", { delayMs: 25 });
    const { measurement } = await clock.advanceUntil(probe.exchange("server"));
    expect(measurement?.offsetNs).toBe(10_000_000n);
    expect((measurement?.boundNs ?? 0n) >= 15_000_000n).toBe(true);
  });

  it("times out when the server is silent, or is not there", async () => {
    const { clock, probe, server } = createWorld({ distort: () => undefined });
    expect((await clock.advanceUntil(probe.exchange("server"))).reason).toBe("timeout");
    server[Symbol.dispose]();
    expect((await clock.advanceUntil(probe.exchange("server"))).reason).toBe("timeout");
    expect(server.requests()).toBe(1);
  });

  it("is not answered by what is no request", async () => {
    const { clock, network, server } = createWorld();
    network.send({
      from: { host: "agent", port: 1 },
      to: { host: "server", port: NTP_PORT },
      bytes: new Uint8Array(3),
    });
    network.send({
      from: { host: "agent", port: 1 },
      to: { host: "server", port: NTP_PORT },
      bytes: new Uint8Array(48),
    });
    await clock.advance(100);
    expect(server.requests()).toBe(0);
  });

  it("ends with RATE when the server sends it", async () => {
    const referenceId = referenceIdFromText("RATE");
    const { clock, probe } = createWorld({
      distort: (answer) => ({ ...answer, stratum: 0, referenceId }),
    });
    expect((await clock.advanceUntil(probe.exchange("server"))).reason).toBe("kiss_rate");
  });

  it("counts duplicates, late answers and strangers, and is misled by none", async () => {
    const twice = createWorld({ quality: { duplicateShare: 1, jitterMs: 1 } });
    const sample = await twice.clock.advanceUntil(twice.probe.exchange("server"));
    await twice.clock.advance(500);
    expect(sample.reason).toBeUndefined();
    expect(twice.probe.ignored()).toEqual({ spoofed: 0, duplicate: 3, late: 0 });
    const slow = createWorld({ quality: { delayMs: 1_800 } });
    expect((await slow.clock.advanceUntil(slow.probe.exchange("server"))).reason).toBe("timeout");
    await slow.clock.advance(1_000);
    expect(slow.probe.ignored()).toEqual({ spoofed: 0, duplicate: 0, late: 1 });
  });

  it("is marked when the agent's clock is stepped meanwhile", async () => {
    const { clock, probe } = createWorld();
    const exchanged = probe.exchange("server");
    clock.setTimer(3, () => clock.step(-3_600_000_000_000n));
    const sample = await clock.advanceUntil(exchanged);
    expect(sample).toMatchObject({
      reason: "clock_stepped",
      exchange: { clockStepNs: -3_600_000_000_000n },
    });
  });
});

describe("a check over the virtual network", () => {
  it("takes three samples, two seconds apart", async () => {
    const { clock, probe } = createWorld();
    const result = await clock.advanceUntil(probe.check("server"));
    expect(result.samples).toHaveLength(3);
    const sentNs = result.samples.map(({ exchange }) => exchange.t1?.atNs ?? 0n);
    const gapsNs = sentNs.slice(1).map((atNs, index) => atNs - (sentNs[index] ?? 0n));
    expect(gapsNs.every((gapNs) => gapNs >= 2_000_000_000n)).toBe(true);
  });

  it("takes as many samples as it is told", async () => {
    const { clock, probe } = createWorld();
    const result = await clock.advanceUntil(probe.check("server", { samples: 5, gapMs: 0 }));
    expect(result.samples).toHaveLength(5);
  });
});
