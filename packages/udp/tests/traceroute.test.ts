// Traceroutes over real sockets: to this host itself, and through a router in a network namespace.

import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { createTracer, type Traceroute, type TracerouteRequest } from "@truechimer/udp";
import { describe, expect, test } from "vitest";
import { useNtpServer } from "./_ntp-server.ts";
import { createTwoHops, NO_HOST, twoHopsAvailable } from "./_two-hops.ts";

async function trace(request: TracerouteRequest): Promise<Traceroute> {
  await using tracer = createTracer({ clock: systemClock, random: systemRandom });
  return await tracer.traceroute(request);
}

describe.runIf(process.platform === "linux")("a traceroute to this host", () => {
  test.each(["127.0.0.1", "::1"])("to %s is one hop: the server's own answer", async (at) => {
    await using server = await useNtpServer(undefined, at);
    const { hops, reached, reason } = await trace({ address: server.address, port: server.port });
    expect({ reached, reason }).toEqual({ reached: true, reason: undefined });
    expect(hops).toMatchObject([
      { hopLimit: 1, answers: [{ address: { text: at }, icmp: undefined }] },
    ]);
    expect(hops[0]?.answers[0]?.rttNs).toBeGreaterThan(0n);
  });

  test("to a port where nobody listens is one hop: the host's refusal", async () => {
    const server = await useNtpServer();
    await server[Symbol.asyncDispose]();
    const { hops, reached } = await trace({ address: server.address, port: server.port });
    expect(reached).toBe(true);
    expect(hops[0]?.answers[0]?.icmp).toEqual({ type: 3, code: 3 });
  });

  test("leaves from the local address that is asked for", async () => {
    await using server = await useNtpServer(undefined, "0.0.0.0");
    const [address, localAddress] = ["127.0.0.1", "127.0.3.7"].map((text) => {
      const parsed = parseIpAddress(text);
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.value;
    });
    if (address === undefined || localAddress === undefined) throw new Error("no address");
    await trace({ address, port: server.port, localAddress });
    expect(server.queries[0]?.fromAddress).toBe("127.0.3.7");
  });
});

describe.runIf(process.platform !== "linux")("a traceroute where there is no error queue", () => {
  test("says so", async () => {
    const address = parseIpAddress("127.0.0.1");
    if (!address.ok) throw new Error(address.error);
    expect(await trace({ address: address.value })).toMatchObject({
      reason: "traceroute_unsupported",
    });
  });
});

describe.skipIf(!twoHopsAvailable() || !chronyAvailable())("a traceroute through a router", () => {
  const PORT = 11_230;

  test("finds the router and the server, over IPv4 and IPv6, several at once", async () => {
    using path = createTwoHops();
    await using server = await startChronyServer({
      addresses: [path.v4.server.text, path.v6.server.text],
      networkNamespace: path.serverNamespace,
      port: PORT,
    });
    await using tracer = createTracer({ clock: systemClock, random: systemRandom });
    const ways = [path.v4, path.v6, path.v4, path.v6];
    const traces = await Promise.all(
      ways.map((way) => tracer.traceroute({ address: way.server, port: server.port })),
    );
    for (const [index, { hops, reached, reason }] of traces.entries()) {
      const way = ways[index];
      expect({ reached, reason }).toEqual({ reached: true, reason: undefined });
      expect(hops.map(({ hopLimit }) => hopLimit)).toEqual([1, 2]);
      const type = way?.server.family === "v4" ? 11 : 3;
      expect(hops[0]?.answers).toHaveLength(3);
      for (const answer of hops[0]?.answers ?? []) {
        expect(answer).toMatchObject({ address: way?.router, icmp: { type, code: 0 } });
        expect(answer.rttNs).toBeLessThan(1_000_000_000n);
      }
      expect(hops[1]?.answers).toMatchObject([{ address: way?.server, icmp: undefined }]);
    }
  });

  test("is told by the server's host where nobody listens, and by the router where there is no host", async () => {
    using path = createTwoHops();
    const closed = await trace({ address: path.v4.server, port: PORT });
    expect(closed.reached).toBe(true);
    expect(closed.hops[1]?.answers[0]?.icmp).toEqual({ type: 3, code: 3 });
    const nobody = parseIpAddress(NO_HOST);
    if (!nobody.ok) throw new Error(nobody.error);
    const barred = await trace({ address: nobody.value, port: PORT });
    expect(barred.reached).toBe(false);
    expect(barred.hops).toHaveLength(1);
    expect(barred.hops[0]?.answers[0]).toMatchObject({
      address: path.v4.router,
      icmp: { type: 3, code: 1 },
    });
  });
});
