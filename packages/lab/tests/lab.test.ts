// The lab over real sockets, asked by the real probe socket.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  type AppError,
  type IpAddress,
  parseIpAddress,
  systemClock,
  systemRandom,
} from "@truechimer/base";
import { createLab, LAB_CATALOGUE, type Lab, type LabServer } from "@truechimer/lab";
import type { Sample } from "@truechimer/ntp";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const TIMEOUT_MS = 1_500;
const options = { clock: systemClock, random: systemRandom };

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

describe("the lab", () => {
  let lab: Lab;
  let socket: ProbeSocket;

  beforeAll(async () => {
    lab = await createLab(options);
    socket = await createProbeSocket(options);
  });

  afterAll(async () => {
    await socket[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });

  function server(name: string): LabServer {
    const found = lab.servers.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the lab has no ${name}`);
    return found;
  }

  function probe(target: LabServer, from?: string): Promise<Sample> {
    return socket.exchange({
      address: ip(target.address),
      port: target.port,
      timeoutMs: TIMEOUT_MS,
      ...(from === undefined ? {} : { localAddress: ip(from) }),
    });
  }

  test("has at least twelve servers on loopback, each on a port of its own", () => {
    expect(lab.servers.length).toBeGreaterThanOrEqual(12);
    expect(lab.servers.every(({ address }) => ["127.0.0.1", "::1"].includes(address))).toBe(true);
    const endpoints = lab.servers.map(({ address, port }) => `${address} ${port}`);
    expect(new Set(endpoints).size).toBe(lab.servers.length);
    expect(lab.vantagePoints).toHaveLength(12);
  });

  test("its honest servers are measured within the bound from every vantage point", async () => {
    const honest = lab.servers.filter(({ fault }) => fault.kind === "none");
    for (const point of lab.vantagePoints) {
      for (const target of honest.filter(({ family }) => family === point.family)) {
        const { reason, measurement } = await probe(target, point.localAddress);
        const trueNs = target.fault.kind === "none" ? target.fault.offsetNs : 0n;
        const errorNs = Number((measurement?.offsetNs ?? 0n) - trueNs);
        const pathMs = point.forwardDelayMs + point.returnDelayMs;
        const delayMs = Number(measurement?.delayNs) / 1e6;
        expect({
          what: `${target.name} from ${point.name}`,
          reason,
          withinBound: Math.abs(errorNs) <= Number(measurement?.boundNs),
          delayed: point.localAddress === undefined || delayMs >= pathMs - 0.01,
        }).toEqual({
          what: `${target.name} from ${point.name}`,
          reason: undefined,
          withinBound: true,
          delayed: true,
        });
      }
    }
  });

  test.each([
    ["wrong-origin.lab", "origin_mismatch"],
    ["silent.lab", "timeout"],
    ["rate.lab", "kiss_rate"],
    ["stratum16.lab", "bad_stratum"],
    ["leap3.lab", "not_synchronised"],
  ])("%s is found out: %s", async (name, reason) => {
    expect((await probe(server(name))).reason).toBe(reason);
  });

  test.each([
    ["late40ms.lab", -40],
    ["ahead2s.lab", 2_000],
  ])("%s is %d ms off", async (name, offsetMs) => {
    const { reason, measurement } = await probe(server(name));
    expect(reason).toBeUndefined();
    const errorNs = (measurement?.offsetNs ?? 0n) - BigInt(offsetMs) * 1_000_000n;
    expect(errorNs < 0n ? -errorNs : errorNs).toBeLessThanOrEqual(measurement?.boundNs ?? 0n);
  });

  test("keeps answering while the main thread is busy", async () => {
    if (socket.timestampSource !== "kernel") return;
    const sample = probe(server("truth1.lab"));
    const busyUntil = performance.now() + 1_000;
    while (performance.now() < busyUntil);
    const { reason, measurement } = await sample;
    expect(reason).toBeUndefined();
    // Without a thread of its own, the answer would have waited for all of the second.
    expect(Number(measurement?.delayNs) / 1e6).toBeLessThan(500);
  });

  test("gives no answer to what is no request", async () => {
    const { address, port } = server("truth1.lab");
    const client = createSocket("udp4");
    let answers = 0;
    client.on("message", () => (answers += 1));
    client.bind(0, "127.0.0.1");
    await once(client, "listening");
    const answer = Uint8Array.from({ length: 48 }, (_, index) => (index === 0 ? 0x24 : 1));
    for (const garbage of [new Uint8Array(), new Uint8Array(47).fill(0x23), answer]) {
      client.send(garbage, port, address);
    }
    // The answer to a real request comes after whatever the garbage could have brought.
    await probe(server("truth1.lab"));
    expect(answers).toBe(0);
    client.close();
  });
});

test("a lab whose servers break says so, and can still be closed", async () => {
  const [definition] = LAB_CATALOGUE;
  if (definition === undefined) throw new Error("the catalogue is empty");
  const broken = Promise.withResolvers<AppError>();
  // A fault that does not exist makes the worker fail at the first request.
  const catalogue = [{ ...definition, fault: undefined as never }];
  const lab = await createLab({ ...options, catalogue, onBroken: broken.resolve });
  const [server] = lab.servers;
  await using socket = await createProbeSocket(options);
  const address = ip(server?.address ?? "");
  await socket.exchange({ address, port: server?.port ?? 0, timeoutMs: 500 });
  expect(await broken.promise).toMatchObject({ code: "socket_failed" });
  await lab[Symbol.asyncDispose]();
});

describe("a lab's ports", () => {
  const catalogue = LAB_CATALOGUE.slice(0, 2);

  test("are those of the last run where they are free", async () => {
    const first = await createLab({ ...options, catalogue });
    const ports = Object.fromEntries(first.servers.map(({ name, port }) => [name, port]));
    await first[Symbol.asyncDispose]();
    await using second = await createLab({ ...options, catalogue, ports });
    expect(second.servers.map(({ port }) => port)).toEqual(Object.values(ports));
  });

  test("are others where somebody else has them", async () => {
    await using first = await createLab({ ...options, catalogue });
    const ports = Object.fromEntries(first.servers.map(({ name, port }) => [name, port]));
    await using second = await createLab({ ...options, catalogue, ports });
    for (const [index, { port }] of second.servers.entries()) {
      expect(port).toBeGreaterThan(0);
      expect(port).not.toBe(first.servers[index]?.port);
    }
  });

  test("that are none are refused with the name of the server", async () => {
    const lab = createLab({ ...options, catalogue, ports: { "truth2.lab": 99_999 } });
    await expect(lab).rejects.toMatchObject({
      code: "config_bad_value",
    } satisfies Partial<AppError>);
    await expect(lab).rejects.toThrow(/truth2\.lab/);
  });
});
