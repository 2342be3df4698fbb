import { referenceIdFromText } from "@truechimer/ntp";
import { VERDICT_POLICY_UP } from "@truechimer/scoring";
import { describe, expect, it } from "vitest";
import { createFleet, type Fleet, type FleetServerOptions } from "./_fleet.ts";

/** 2036-02-07 06:28:16 UTC, when era 1 begins. */
const ERA_1_START_NS = 2_085_978_496_000_000_000n;
const MS_NS = 1_000_000n;
const SECOND_NS = 1_000_000_000n;

const HONEST: readonly FleetServerOptions[] = [
  { host: "honest-1" },
  { host: "honest-2", offsetNs: 300_000n },
];
const LIARS: readonly FleetServerOptions[] = [
  { host: "liar-40-ms", offsetNs: 40n * MS_NS },
  { host: "liar-2-s", offsetNs: -2n * SECOND_NS },
  { host: "liar-68-years", offsetNs: -2_000_000_000n * SECOND_NS },
];

function verdictsOn(fleet: Fleet, server: string): readonly string[] {
  return fleet.verdicts.filter((record) => record.server === server).map(({ verdict }) => verdict);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

describe("5 servers, 3 falsetickers among them, 7 monitors, 20 % loss, 3 % duplicates, an era change after 500 s", () => {
  const createStormyFleet = (seed: number): Fleet =>
    createFleet({
      seed,
      startNs: ERA_1_START_NS - 500n * SECOND_NS,
      monitors: 7,
      servers: [...HONEST, ...LIARS],
      quality: { delayMs: 8, jitterMs: 4, lossShare: 0.2, duplicateShare: 0.03 },
    });

  it.each([1, 2, 3])(
    "seed %i: each liar is found and stays found, no honest server is ever called one",
    async (seed) => {
      const fleet = createStormyFleet(seed);
      await fleet.run(20);
      expect(fleet.clock.nowNs() > ERA_1_START_NS + 700n * SECOND_NS).toBe(true);
      for (const { host } of HONEST)
        expect(new Set(verdictsOn(fleet, host))).toEqual(new Set(["truechimer"]));
      for (const { host } of LIARS)
        expect(new Set(verdictsOn(fleet, host))).toEqual(new Set(["falseticker"]));
    },
  );

  it("no bound is ever broken, on either side of the era's end", async () => {
    const fleet = createStormyFleet(4);
    await fleet.run(16);
    const measured = fleet.checks.filter(({ result }) => result.outcome.reason === undefined);
    expect(measured.length).toBeGreaterThan(400);
    for (const { result, trueOffsetNs } of measured) {
      const { offsetNs = 0n, boundNs = 0n } = result.outcome;
      expect(magnitude(offsetNs - trueOffsetNs) <= boundNs).toBe(true);
      expect(boundNs < 25n * MS_NS).toBe(true);
    }
  });

  it("honest servers keep a good score in spite of the loss, and liars lose theirs", async () => {
    const fleet = createStormyFleet(5);
    await fleet.run(40);
    const meanScore = (host: string): number => {
      const scores = fleet.scores(host);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    for (const { host } of HONEST) expect(meanScore(host)).toBeGreaterThan(5);
    expect(meanScore("liar-2-s")).toBeLessThan(-20);
    expect(meanScore("liar-68-years")).toBeLessThan(-40);
  });

  it("one seed replays it to the last nanosecond, another does not", async () => {
    const storyOf = async (seed: number): Promise<readonly string[]> => {
      const fleet = createStormyFleet(seed);
      await fleet.run(4);
      return fleet.checks.map(
        ({ monitor, server, result }) =>
          `${monitor} ${server} ${result.outcome.offsetNs} ${result.outcome.rttNs}`,
      );
    };
    const first = await storyOf(6);
    expect(await storyOf(6)).toEqual(first);
    expect(await storyOf(7)).not.toEqual(first);
  });
});

describe("5 monitors and a server that changes", () => {
  const fleetWith = (server: Omit<FleetServerOptions, "host">): Fleet =>
    createFleet({ seed: 1, monitors: 5, servers: [{ host: "server", ...server }] });

  it("a clock that drifts 100 µs a second is a truechimer until it is 25 ms off, and a falseticker from then on", async () => {
    const fleet = fleetWith({ driftNsPerSecond: 100_000n });
    await fleet.run(8);
    const verdicts = verdictsOn(fleet, "server");
    // 25 ms and the bound of some 5 ms are reached after 300 s, in the fifth round of 64 s.
    expect(verdicts.slice(0, 4)).toEqual(["truechimer", "truechimer", "truechimer", "truechimer"]);
    expect(verdicts.slice(5)).toEqual(["falseticker", "falseticker", "falseticker"]);
  });

  it("a server that falls silent is unreachable after three intervals, not before, and comes back at once", async () => {
    let isSilent = false;
    const fleet = fleetWith({ distort: (answer) => (isSilent ? undefined : answer) });
    await fleet.run(2);
    isSilent = true;
    await fleet.run(5);
    isSilent = false;
    await fleet.run(1);
    expect(verdictsOn(fleet, "server")).toEqual([
      "truechimer",
      "truechimer",
      "truechimer",
      "truechimer",
      expect.stringMatching(/truechimer|unsure|unreachable/),
      "unreachable",
      "unreachable",
      "truechimer",
    ]);
  });

  it("a server that begins to send RATE leaves the fleet unsure", async () => {
    let isAnnoyed = false;
    const rate = { stratum: 0, referenceId: referenceIdFromText("RATE") };
    const fleet = fleetWith({ distort: (answer) => (isAnnoyed ? { ...answer, ...rate } : answer) });
    await fleet.run(1);
    isAnnoyed = true;
    await fleet.run(1);
    expect(fleet.verdicts.at(-1)).toMatchObject({ verdict: "unsure", reason: "kiss_rate" });
  });
});

describe("7 monitors, 2 of them with clocks an hour off", () => {
  it("an honest server stays a truechimer", async () => {
    const fleet = createFleet({ seed: 1, monitors: 7, servers: HONEST });
    for (const monitor of ["monitor-2", "monitor-5"])
      fleet.monitorClocks.get(monitor)?.step(3_600n * SECOND_NS);
    await fleet.run(4);
    expect(new Set(verdictsOn(fleet, "honest-1"))).toEqual(new Set(["truechimer"]));
    expect(fleet.verdicts.at(-1)).toMatchObject({ witnessesFresh: 7, witnessesAgainst: 2 });
  });
});

describe("a monitor whose own clock is stepped during a check", () => {
  it("does not hold it against the server", async () => {
    const fleet = createFleet({
      seed: 1,
      monitors: 1,
      servers: HONEST,
      policy: VERDICT_POLICY_UP,
      quality: { delayMs: 500 },
    });
    const monitorClock = fleet.monitorClocks.get("monitor-1");
    // Every 300 ms a step: whatever exchange is under way sees one.
    const stepAgain = (): void => {
      monitorClock?.step(50n * MS_NS);
      fleet.clock.setTimer(300, stepAgain);
    };
    stepAgain();
    await fleet.run(2);
    expect(new Set(fleet.checks.map(({ result }) => result.outcome.reason))).toEqual(
      new Set(["clock_stepped"]),
    );
    expect(fleet.scores("honest-1")).toEqual([0]);
    expect(fleet.verdicts.at(-1)).toMatchObject({ verdict: "unsure", reason: "no_witness" });
  });
});

describe("an attacker who can send but not read", () => {
  it("does not get a server thrown out by forged kisses", async () => {
    const fleet = createFleet({ seed: 1, monitors: 3, servers: [{ host: "honest-1" }] });
    const { network, clock } = fleet;
    // Answers every request before the server does, from the server's address, with RATE, but cannot know the nonce.
    const genuineSend = network.send.bind(network);
    let forged = 0;
    network.send = (datagram) => {
      genuineSend(datagram);
      if (datagram.to.host !== "honest-1") return;
      forged += 1;
      genuineSend({ from: datagram.to, to: datagram.from, bytes: forgedKiss(clock.nowNs()) });
    };
    await fleet.run(4);
    expect(forged).toBeGreaterThan(30);
    expect(fleet.checks.every(({ result }) => result.outcome.reason === undefined)).toBe(true);
    expect(new Set(verdictsOn(fleet, "honest-1"))).toEqual(new Set(["truechimer"]));
  });
});

/** 48 bytes: leap 3, version 4, mode 4, stratum 0, code RATE, and a nonce that is made up. */
function forgedKiss(atNs: bigint): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes.set([0b11_100_100, 0, 10, 0xe8]);
  bytes.set(new TextEncoder().encode("RATE"), 12);
  new DataView(bytes.buffer).setBigUint64(24, atNs);
  return bytes;
}
