// What every probe socket does, whoever takes its stamps. All implementations run it on real sockets over loopback.

import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { createInterleavedSession, type Sample, type TimestampSource } from "@truechimer/ntp";
import { createProbeSocket, type ProbeSocket, type ProbeSocketOptions } from "@truechimer/udp";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  honestAnswer,
  interleavedAnswers,
  type NtpServer,
  strangersAnswer,
  useNtpServer,
} from "./_ntp-server.ts";

interface Implementation {
  readonly name: string;
  readonly options: Partial<ProbeSocketOptions> & { readonly timestamps: TimestampSource };
}

const TIMEOUT_MS = 5_000;
const SHORT_TIMEOUT_MS = 150;
/** A kernel's stamps exist on Linux alone. */
const KERNEL: readonly Implementation[] = [
  { name: "kernel stamps, by a thread", options: { timestamps: "kernel" } },
  { name: "kernel stamps, by looks", options: { timestamps: "kernel", lookEveryMs: 5 } },
];
const IMPLEMENTATIONS: readonly Implementation[] = [
  ...(process.platform === "linux" ? KERNEL : []),
  { name: "stamps of our own", options: { timestamps: "user_space" } },
];
/** Stamps and timers of two clocks may differ by this much. */
const TIMER_SLACK_MS = 5;

function knownAddress(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe.each(IMPLEMENTATIONS)("probe socket with $name", ({ options: ofThisOne }) => {
  const { timestamps } = ofThisOne;
  let probe: ProbeSocket;

  const open = (options: Partial<ProbeSocketOptions> = {}): Promise<ProbeSocket> =>
    createProbeSocket({ clock: systemClock, random: systemRandom, ...ofThisOne, ...options });
  const ask = (server: NtpServer, timeoutMs: number = TIMEOUT_MS): Promise<Sample> =>
    probe.exchange({ address: server.address, port: server.port, timeoutMs });

  beforeEach(async () => {
    probe = await open();
  });
  afterEach(async () => {
    await probe[Symbol.asyncDispose]();
  });

  test("an honest answer is a good sample with four stamps and both ends", async () => {
    await using server = await useNtpServer();
    const { reason, exchange, packet, measurement } = await ask(server);
    expect(reason).toBeUndefined();
    expect(exchange.t1?.source).toBe(timestamps);
    expect(exchange.t4?.source).toBe(timestamps);
    expect(exchange).toMatchObject({
      sourceAddress: "127.0.0.1",
      sourcePort: server.queries[0]?.fromPort,
      destinationAddress: "127.0.0.1",
      destinationPort: server.port,
      clockStepNs: undefined,
    });
    expect(exchange.request).toEqual(Uint8Array.from(server.queries[0]?.bytes ?? []));
    expect(packet?.stratum).toBe(2);
    expect(Number(measurement?.delayNs)).toBeLessThan(1e9);
    expect(probe.timestampSource).toBe(timestamps);
    expect(probe.counters()).toMatchObject({ sent: 1, answered: 1, inFlight: 0 });
  });

  test("the third exchange of a session is interleaved where the server knows it, from another port each", async () => {
    const answer = interleavedAnswers();
    await using server = await useNtpServer(({ bytes, reply }) => reply(answer(bytes)));
    const session = createInterleavedSession();
    const request = { address: server.address, port: server.port, timeoutMs: TIMEOUT_MS };
    const samples: Sample[] = [];
    for (let i = 0; i < 4; i += 1) samples.push(await probe.exchange({ ...request, session }));
    expect(samples.map(({ reason }) => reason)).toEqual(Array(4).fill(undefined));
    expect(samples.map(({ mode }) => mode)).toEqual([
      "basic",
      "basic",
      "interleaved",
      "interleaved",
    ]);
    expect(samples[3]?.timed?.exchange).toBe(samples[2]?.exchange);
    expect(new Set(server.queries.map(({ fromPort }) => fromPort)).size).toBe(4);
  });

  test("a session with a server that does not know interleaved mode has basic samples", async () => {
    await using server = await useNtpServer();
    const session = createInterleavedSession();
    const request = { address: server.address, port: server.port, timeoutMs: TIMEOUT_MS };
    for (let i = 0; i < 4; i += 1) {
      const { reason, mode } = await probe.exchange({ ...request, session });
      expect([reason, mode]).toEqual([undefined, "basic"]);
    }
  });

  test("IPv6 works as IPv4 does", async () => {
    await using server = await useNtpServer(undefined, "::1");
    const { reason, exchange } = await ask(server);
    expect(reason).toBeUndefined();
    expect(exchange.sourceAddress).toBe("::1");
    expect(exchange.t4?.source).toBe(timestamps);
  });

  test("silence is a timeout, after the time that was asked for", async () => {
    await using server = await useNtpServer(() => {});
    const startMs = performance.now();
    const { reason, exchange } = await ask(server, SHORT_TIMEOUT_MS);
    expect(reason).toBe("timeout");
    expect(performance.now() - startMs).toBeGreaterThan(SHORT_TIMEOUT_MS - TIMER_SLACK_MS);
    expect(exchange.t1).toBeDefined();
    expect(exchange.response).toBeUndefined();
    expect(probe.counters()).toMatchObject({ sent: 1, timedOut: 1, inFlight: 0 });
  });

  test.each(["127.0.0.1", "::1"])(
    "a closed port of %s is a refused connection at once",
    async (at) => {
      const server = await useNtpServer(undefined, at);
      await server[Symbol.asyncDispose]();
      const { reason, exchange } = await ask(server);
      expect(reason).toBe("connection_refused");
      expect(exchange.t1).toBeDefined();
      expect(probe.counters()).toMatchObject({ networkErrors: 1, timedOut: 0 });
    },
  );

  test("a destination that our own system does not permit is our own fault", async () => {
    const broadcast = knownAddress("255.255.255.255");
    const sample = await probe.exchange({ address: broadcast, port: 123, timeoutMs: TIMEOUT_MS });
    expect(sample.reason).toBe("local_socket_failed");
    expect(probe.counters()).toMatchObject({ sent: 0, networkErrors: 1 });
  });

  test("a local address that is not ours is our own fault", async () => {
    await using server = await useNtpServer();
    const { reason } = await probe.exchange({
      address: server.address,
      port: server.port,
      timeoutMs: TIMEOUT_MS,
      localAddress: knownAddress("192.0.2.1"),
    });
    expect(reason).toBe("local_socket_failed");
  });

  test.runIf(process.platform === "linux")("requests leave from the local address", async () => {
    await using server = await useNtpServer(undefined, "0.0.0.0");
    for (const from of ["127.0.1.7", "127.0.2.9"]) {
      const sample = await probe.exchange({
        address: knownAddress("127.0.0.1"),
        port: server.port,
        timeoutMs: TIMEOUT_MS,
        localAddress: knownAddress(from),
      });
      expect(sample.reason).toBeUndefined();
      expect(sample.exchange.sourceAddress).toBe(from);
      expect(server.queries.at(-1)?.fromAddress).toBe(from);
    }
  });

  test("a stranger's answer does not end the exchange, the true one does", async () => {
    await using server = await useNtpServer(({ bytes, reply }) => {
      reply(strangersAnswer(bytes));
      reply(honestAnswer(bytes));
    });
    const { reason } = await ask(server);
    expect(reason).toBeUndefined();
    expect(probe.counters()).toMatchObject({ answered: 1, spoofed: 1 });
  });

  test("a stranger's answer alone is the evidence of a refused sample", async () => {
    await using server = await useNtpServer(({ bytes, reply }) => reply(strangersAnswer(bytes)));
    const { reason, exchange, measurement } = await ask(server, SHORT_TIMEOUT_MS);
    expect(reason).toBe("origin_mismatch");
    expect(exchange.response).toHaveLength(48);
    expect(measurement).toBeUndefined();
    expect(probe.counters()).toMatchObject({ answered: 0, spoofed: 1, timedOut: 1 });
  });

  test("a cut-off answer is told from silence", async () => {
    await using server = await useNtpServer(({ bytes, reply }) => {
      reply(honestAnswer(bytes).subarray(0, 47));
    });
    const { reason } = await ask(server, SHORT_TIMEOUT_MS);
    expect(reason).toBe("truncated");
  });

  test("an answer from another port is not taken", async () => {
    await using server = await useNtpServer(({ bytes, replyFromElsewhere }) => {
      replyFromElsewhere(honestAnswer(bytes));
    });
    const { reason } = await ask(server, SHORT_TIMEOUT_MS);
    expect(reason).toBe("timeout");
    // Where every exchange has a connected socket of its own, the system drops it unseen.
    expect(probe.counters().spoofed).toBe(timestamps === "kernel" ? 1 : 0);
  });

  test("a second answer is counted as a duplicate", async () => {
    await using server = await useNtpServer(({ bytes, reply }) => {
      reply(honestAnswer(bytes));
      reply(honestAnswer(bytes));
    });
    await ask(server);
    await vi.waitFor(
      () => expect(probe.counters()).toMatchObject({ answered: 1, duplicate: 1 }),
      20_000,
    );
  });

  test("an answer after the timeout is counted as late", async () => {
    await using server = await useNtpServer(() => {});
    const { reason } = await ask(server, SHORT_TIMEOUT_MS);
    expect(reason).toBe("timeout");
    const [query] = server.queries;
    query?.reply(honestAnswer(query.bytes));
    await vi.waitFor(
      () => expect(probe.counters()).toMatchObject({ timedOut: 1, late: 1 }),
      20_000,
    );
  });

  test("an overlong answer is cut and judged", async () => {
    await using server = await useNtpServer(({ bytes, reply }) => {
      const overlong = new Uint8Array(8_000);
      overlong.set(honestAnswer(bytes));
      reply(overlong);
    });
    const { reason, exchange } = await ask(server);
    expect(exchange.response).toHaveLength(1_024);
    expect(reason).toBe("bad_extension");
  });

  test("ports and nonces are fresh for every request", async () => {
    await using server = await useNtpServer();
    for (let i = 0; i < 50; i += 1) await ask(server);
    const ports = new Set(server.queries.map(({ fromPort }) => fromPort));
    const nonces = new Set(server.queries.map(({ bytes }) => bytes.subarray(40).toHex()));
    expect(nonces.size).toBe(50);
    expect(ports.size).toBe(50);
  });

  test("two thousand exchanges are in flight at once", async () => {
    await using server = await useNtpServer(() => {});
    const samples = Array.from({ length: 2_000 }, () => ask(server, 20_000));
    await vi.waitFor(() => expect(server.queries).toHaveLength(2_000), { timeout: 10_000 });
    await vi.waitFor(() => {
      expect(probe.counters()).toMatchObject({ sent: 2_000, inFlight: 2_000 });
    }, 20_000);
    for (const { bytes, reply } of server.queries) reply(honestAnswer(bytes));
    const reasons = new Set((await Promise.all(samples)).map(({ reason }) => reason));
    expect([...reasons]).toEqual([undefined]);
  });

  test("more exchanges than the limit are refused", async () => {
    await using server = await useNtpServer(() => {});
    await using small = await open({ inFlightMax: 2 });
    const request = { address: server.address, port: server.port, timeoutMs: SHORT_TIMEOUT_MS };
    const running = [small.exchange(request), small.exchange(request)];
    await expect(small.exchange(request)).rejects.toMatchObject({ code: "limit_exceeded" });
    await Promise.all(running);
    await expect(small.exchange(request)).resolves.toMatchObject({ reason: "timeout" });
  });

  test("an aborted exchange is rejected and its answer is late", async () => {
    await using server = await useNtpServer(() => {});
    const abort = new AbortController();
    const request = { address: server.address, port: server.port, timeoutMs: TIMEOUT_MS };
    const running = probe.exchange(request, abort.signal);
    await vi.waitFor(() => expect(server.queries).toHaveLength(1), 20_000);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "stopped" });
    await expect(probe.exchange(request, abort.signal)).rejects.toMatchObject({ code: "stopped" });
    expect(probe.counters().inFlight).toBe(0);
  });

  test("closing rejects what is in flight and all that comes after", async () => {
    await using server = await useNtpServer(() => {});
    const [running] = await Promise.allSettled([ask(server), probe[Symbol.asyncDispose]()]);
    expect(running).toMatchObject({ status: "rejected", reason: { code: "stopped" } });
    await expect(ask(server)).rejects.toMatchObject({ code: "stopped" });
    await probe[Symbol.asyncDispose]();
  });

  test.each([
    { name: "port 0", change: { port: 0 } },
    { name: "port 65536", change: { port: 65_536 } },
    { name: "no timeout", change: { timeoutMs: 0 } },
    { name: "an endless timeout", change: { timeoutMs: Number.POSITIVE_INFINITY } },
    { name: "a local address of the other family", change: { localAddress: knownAddress("::1") } },
  ])("a request with $name is refused", async ({ change }) => {
    const request = { address: knownAddress("127.0.0.1"), port: 123, timeoutMs: TIMEOUT_MS };
    const exchange = probe.exchange({ ...request, ...change });
    await expect(exchange).rejects.toMatchObject({ code: "bad_request" });
  });
});
