import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { referenceIdFromText } from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import { codedError } from "./_fake-control-plane.ts";
import { ip, MONITOR_ADDRESS, simulate } from "./_simulated-agent.ts";

const GOOD = "192.0.2.1";
const SILENT = "192.0.2.2";
const PUBLIC = "162.159.200.1";
/** Documentation addresses are no public ones, so the control plane has to allow them. */
const CONFIG = { privateTargetsAllowed: true, sampleInterval: durationFromMs(2_000) };

function due(...addresses: readonly string[]): { readonly ipBytes: Uint8Array }[] {
  return addresses.map((address) => ({ ipBytes: ip(address).bytes }));
}

describe("a batch", () => {
  test("is probed side by side with three samples, and comes back with its evidence", async () => {
    const { agent, addServer, clock, plane, sent } = simulate();
    addServer(GOOD, { offsetMs: 7 });
    addServer("192.0.2.3");
    plane.config = CONFIG;
    plane.due.push(due(GOOD, SILENT, "192.0.2.3"));
    agent.start();
    await clock.advance(15_000);
    expect(plane.counted).toHaveLength(3);
    const good = plane.counted.find(({ ipBytes }) => ipBytes.at(-1) === 1);
    const silent = plane.counted.find(({ noResponse }) => noResponse);
    expect(good).toMatchObject({ error: "", reason: "", noResponse: false, stratum: 1, port: 123 });
    expect(good?.offset).toMatchObject({ seconds: 0n });
    expect(good?.responses).toHaveLength(3);
    expect(silent).toMatchObject({ reason: "timeout", noResponse: true });
    expect(silent?.responses.map(({ data }) => data.length)).toEqual([0, 0, 0]);
    expect(sent.filter(({ address }) => address.text === GOOD)).toHaveLength(3);
    expect(plane.received[0]).toMatchObject({ version: 5, monId: MONITOR_ADDRESS });
  });

  test("with a silent server does not hold up the next one", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    plane.due.push(due(SILENT), due(GOOD));
    agent.start();
    await clock.advance(6_000);
    expect(plane.counted.map(({ reason }) => reason)).toEqual([""]);
    await clock.advance(10_000);
    expect(plane.counted.map(({ reason }) => reason)).toEqual(["", "timeout"]);
  });

  test("that makes no sense is left aside", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    plane.due.push([{ ipBytes: new Uint8Array(5) }, ...due(GOOD)]);
    agent.start();
    await clock.advance(6_000);
    expect(plane.counted).toHaveLength(1);
  });

  test("keeps to the limit on checks in flight", async () => {
    const { agent, clock, counted, plane } = simulate({ checksInFlightMax: 2 });
    plane.config = CONFIG;
    plane.due.push(due(...Array.from({ length: 9 }, (_, index) => `192.0.2.${index + 1}`)));
    agent.start();
    await clock.advance(5 * 13_100);
    expect(plane.counted).toHaveLength(9);
    expect(counted.inFlightMax).toBe(2);
  });
});

describe("a server", () => {
  test("is never asked twice within the interval, in one batch or the next", async () => {
    const { agent, addServer, clock, plane, sent } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    plane.due.push(due(GOOD), due(GOOD));
    agent.start();
    await clock.advance(5_000);
    plane.due.push(due(GOOD));
    await clock.advance(60_000);
    expect(plane.counted).toHaveLength(3);
    const times = sent.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(times).toHaveLength(9);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2_000);
  });

  test("that sends RATE is asked once a check, and then left alone for eight intervals", async () => {
    const { agent, addServer, clock, plane, sent } = simulate();
    addServer(GOOD, {
      distort: (answer) => ({ ...answer, stratum: 0, referenceId: referenceIdFromText("RATE") }),
    });
    plane.config = CONFIG;
    plane.due.push(due(GOOD), due(GOOD));
    agent.start();
    await clock.advance(60_000);
    expect(plane.counted.map(({ reason }) => reason)).toEqual(["kiss_rate", "kiss_rate"]);
    const [first, second] = sent;
    expect(sent).toHaveLength(2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(16_000);
  });

  test("at a private address gets no packet unless the control plane allows it", async () => {
    const { agent, clock, plane, sent } = simulate();
    plane.config = { sampleInterval: durationFromMs(2_000) };
    plane.due.push(due("10.0.0.1", "127.0.0.1", "169.254.1.1", "224.0.1.1", "0.0.0.0", "fc00::1"));
    agent.start();
    await clock.advance(1_000);
    expect(sent).toHaveLength(0);
    expect(plane.counted).toHaveLength(6);
    expect(new Set(plane.counted.map(({ reason }) => reason))).toEqual(
      new Set(["address_refused"]),
    );
  });

  test("is not blamed for a step of the host's clock", async () => {
    const { agent, addServer, clock, hostClock, network, plane } = simulate({
      quality: { delayMs: 50 },
    });
    addServer(GOOD);
    plane.config = { ...CONFIG, samples: 1 };
    plane.due.push(due(GOOD));
    agent.start();
    while (network.counters().sent === 0) await clock.advanceToNextTimer();
    hostClock.step(3_600_000_000_000n);
    await clock.advance(5_000);
    expect(plane.counted).toHaveLength(0);
  });
});

describe("without work", () => {
  test("the agent asks again after the interval that the control plane names", async () => {
    const { agent, clock, plane } = simulate();
    plane.config = { ...CONFIG, idlePollInterval: durationFromMs(500) };
    agent.start();
    await clock.advance(10_000);
    expect(plane.calls.getServers).toBeGreaterThanOrEqual(20);
    expect(plane.calls.getServers).toBeLessThanOrEqual(21);
  });

  test("it backs off to two minutes where none is named", async () => {
    const { agent, clock, plane } = simulate();
    plane.config = CONFIG;
    agent.start();
    await clock.advance(60_000);
    expect(plane.calls.getServers).toBeGreaterThan(4);
    expect(plane.calls.getServers).toBeLessThan(10);
    const before = plane.calls.getServers;
    await clock.advance(3_600_000);
    expect(plane.calls.getServers - before).toBeLessThan(45);
    expect(plane.calls.getServers - before).toBeGreaterThan(28);
  });

  test("a failed call is tried again, as late as the control plane wishes", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    plane.failures.getServers.push(
      codedError("limit_exceeded", Code.ResourceExhausted, { "retry-after": "30" }),
    );
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(29_000);
    expect(plane.calls.getServers).toBe(1);
    await clock.advance(10_000);
    expect(plane.counted).toHaveLength(1);
  });

  test("a monitor that is not live goes on asking", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    const notLive = (): ConnectError => codedError("monitor_not_live", Code.PermissionDenied);
    plane.failures.getServers.push(notLive(), notLive(), notLive());
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(60_000);
    expect(plane.counted).toHaveLength(1);
  });
});

describe("the configuration", () => {
  test("is fetched hourly", async () => {
    const { agent, clock, plane } = simulate();
    plane.config = CONFIG;
    agent.start();
    await clock.advance(4 * 3_600_000 + 1_000);
    expect(plane.calls.getConfig).toBe(5);
  });

  test("is tried for again and again before any work", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = CONFIG;
    const down = (): ConnectError => new ConnectError("down", Code.Unavailable);
    plane.failures.getConfig.push(down(), down(), down());
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(59_000);
    expect(plane.calls).toMatchObject({ getConfig: 3, getServers: 0 });
    await clock.advance(10_000);
    expect(plane.counted).toHaveLength(1);
  });

  test("comes with each batch, too", async () => {
    const { agent, addServer, clock, plane } = simulate();
    addServer(GOOD);
    plane.config = { ...CONFIG, idlePollInterval: durationFromMs(1_000) };
    agent.start();
    await clock.advance(1_500);
    plane.config = { ...plane.config, samples: 1 };
    plane.due.push(due(GOOD));
    await clock.advance(3_000);
    expect(plane.counted[0]?.responses).toHaveLength(1);
  });
});

describe("several monitors of one agent", () => {
  test("each probe from their own address, with their own id and token", async () => {
    const locals = ["198.51.100.1", "198.51.100.2"];
    const { agent, addServer, clock, plane, sent } = simulate({
      monitors: locals.map((text) => ({
        address: ip(text),
        token: `tcm_${text}`,
        localAddress: ip(text),
      })),
    });
    addServer(GOOD);
    plane.config = CONFIG;
    plane.due.push(due(GOOD), due(GOOD));
    agent.start();
    await clock.advance(6_000);
    expect(new Set(plane.received.map(({ monId }) => monId))).toEqual(new Set(locals));
    const sources = new Set(sent.map(({ localAddress }) => localAddress?.text));
    expect(sources).toEqual(new Set(locals));
  });

  test("with one source address between them are one client to a server", async () => {
    const { agent, addServer, clock, plane, sent } = simulate({
      monitors: ["198.51.100.1", "198.51.100.2"].map((text) => ({ address: ip(text), token: "" })),
    });
    addServer(GOOD);
    addServer("127.0.0.1");
    plane.config = { ...CONFIG, samples: 1 };
    plane.due.push(due(GOOD, "127.0.0.1"), due(GOOD, "127.0.0.1"));
    agent.start();
    await clock.advance(10_000);
    const startsMs = (host: string): readonly number[] =>
      sent.filter(({ address }) => address.text === host).map(({ atMs }) => atMs);
    const [first = 0, second = 0] = startsMs(GOOD);
    expect(second - first).toBeGreaterThanOrEqual(2_000);
    // On loopback all have one address, and the server is the host's own.
    const [one = 0, other = 2_000] = startsMs("127.0.0.1");
    expect(other - one).toBeLessThan(1_100);
  });
});

describe("a private target", () => {
  test("is not probed on the control plane's word alone", async () => {
    const { agent, addServer, clock, plane, sent } = simulate({ allowPrivateTargets: false });
    addServer(GOOD);
    plane.config = CONFIG;
    plane.due.push(due(GOOD));
    agent.start();
    await clock.advance(15_000);
    expect(sent).toEqual([]);
    expect(plane.counted).toMatchObject([{ reason: "address_refused" }]);
  });

  test("may be asked more often than a public server, which never is", async () => {
    const { agent, addServer, clock, plane, sent } = simulate();
    addServer(GOOD);
    addServer(PUBLIC);
    plane.config = { ...CONFIG, sampleInterval: durationFromMs(100) };
    plane.due.push(due(GOOD, PUBLIC));
    agent.start();
    await clock.advance(15_000);
    const gapMs = (text: string): number => {
      const [first, second] = sent.filter(({ address }) => address.text === text);
      return (second?.atMs ?? 0) - (first?.atMs ?? 0);
    };
    expect(gapMs(GOOD)).toBeLessThan(1_000);
    expect(gapMs(PUBLIC)).toBeGreaterThanOrEqual(2_000);
  });
});

describe("the level of the log that goes to a collector", () => {
  test("is told with each configuration that names one, without a restart, and not with the work", async () => {
    const levels: string[] = [];
    const { agent, addServer, clock, plane } = simulate({
      onOtlpLogLevel: (level) => levels.push(level),
    });
    addServer(GOOD);
    plane.config = { ...CONFIG, otlpLogLevel: "warn" };
    agent.start();
    await clock.advance(1_000);
    expect(levels).toEqual(["warn"]);
    plane.config = { ...CONFIG, otlpLogLevel: "debug" };
    plane.due.push(due(GOOD));
    await clock.advance(30 * 60_000);
    expect(levels).toEqual(["warn"]);
    await clock.advance(31 * 60_000);
    expect(levels).toEqual(["warn", "debug"]);
    plane.config = { ...CONFIG, otlpLogLevel: "" };
    await clock.advance(60 * 60_000);
    plane.config = { ...CONFIG, otlpLogLevel: "loud" };
    await clock.advance(60 * 60_000);
    expect(levels).toEqual(["warn", "debug"]);
  });
});
