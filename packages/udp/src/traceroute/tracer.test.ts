import { type Clock, parseIpAddress, unsafelyDeterministicRandom } from "@truechimer/base";
import { beforeEach, describe, expect, test } from "vitest";
import { answerTo } from "../_orders.ts";
import { FakeNetwork } from "../kernel/_fake-network.ts";
import { createTracer } from "./tracer.ts";
import type { Tracer, TracerouteRequest } from "./traceroute.ts";

const parsed = parseIpAddress("192.0.2.1");
if (!parsed.ok) throw new Error(parsed.error);
const address = parsed.value;

const EHOSTUNREACH = 113;
const EMFILE = 24;
const HOP_RTT_MS = 2;

/** Who answers at which hop limit: a router's last byte, the server, somebody's refusal, or nobody. */
type Hop = { readonly router: number } | "server" | { readonly barrier: number } | "nobody";

/** A network of one path: what is sent comes back after 2 ms a hop. */
class PathNetwork extends FakeNetwork {
  readonly path: readonly Hop[];
  isDisposed = false;
  #answered = 0;

  constructor(path: readonly Hop[]) {
    super();
    this.path = path;
  }

  /** One step of time: what is due arrives. */
  override advanceMs(durationMs: number): void {
    super.advanceMs(durationMs);
    for (const request of this.sent.slice(this.#answered)) {
      this.#answered += 1;
      const hopLimit = this.hopLimits.get(request.port) ?? 64;
      const hop = this.path[Math.min(hopLimit, this.path.length) - 1];
      if (hop === undefined || hop === "nobody") continue;
      const stampNs = this.wallNs;
      if (hop === "server") this.arrive(request, answerTo(request.bytes), { stampNs });
      else {
        const isRouter = "router" in hop;
        const from = Uint8Array.of(198, 51, 100, isRouter ? hop.router : hop.barrier);
        const icmp = { type: isRouter ? 11 : 3, code: isRouter ? 0 : 13, from, stampNs };
        this.unreachable(request, EHOSTUNREACH, { icmp });
      }
    }
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.isDisposed = true;
  }
}

/** The network's own time; timers run as the test moves on. */
class NetworkClock implements Clock {
  readonly #network: () => FakeNetwork;
  readonly timers = new Map<() => void, bigint>();

  constructor(network: () => FakeNetwork) {
    this.#network = network;
  }

  nowNs(): bigint {
    return this.#network().wallNs;
  }

  monotonicNs(): bigint {
    return this.#network().monotonicNs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const run = (): void => callback();
    this.timers.set(run, this.monotonicNs() + BigInt(Math.round(delayMs * 1e6)));
    return () => this.timers.delete(run);
  }

  async run(): Promise<void> {
    for (let i = 0; i < 20_000; i += 1) {
      await Promise.resolve();
      await Promise.resolve();
      if (this.timers.size === 0) {
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
        if (this.timers.size === 0) return;
      }
      this.#network().advanceMs(HOP_RTT_MS);
      for (const [callback, dueNs] of this.timers) {
        if (dueNs > this.monotonicNs()) continue;
        this.timers.delete(callback);
        callback();
      }
    }
    throw new Error("it never ends");
  }
}

describe("a tracer", () => {
  let network: PathNetwork;
  let clock: NetworkClock;
  let tracer: Tracer;

  const use = (path: readonly Hop[]): void => {
    network = new PathNetwork(path);
    clock = new NetworkClock(() => network);
    tracer = createTracer({
      clock,
      random: unsafelyDeterministicRandom(1),
      openNetwork: () => Promise.resolve(network),
    });
  };
  const trace = async (request: Partial<TracerouteRequest> = {}, signal?: AbortSignal) => {
    const promise = tracer.traceroute({ address, ...request }, signal);
    await clock.run();
    return await promise;
  };

  beforeEach(() => use([{ router: 1 }, "nobody", { router: 3 }, "server"]));

  test("finds routers, silence and the server, with the times and the messages", async () => {
    const { hops, reached, reason } = await trace();
    expect({ reached, reason }).toEqual({ reached: true, reason: undefined });
    expect(hops.map(({ hopLimit }) => hopLimit)).toEqual([1, 2, 3, 4]);
    expect(hops[0]?.answers).toHaveLength(3);
    expect(hops[0]?.answers[0]).toMatchObject({
      address: { text: "198.51.100.1" },
      icmp: { type: 11, code: 0 },
    });
    expect(hops[1]?.answers.map((answer) => answer.address)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(hops[3]?.answers).toMatchObject([{ address: { text: "192.0.2.1" }, icmp: undefined }]);
    expect(hops[3]?.answers[0]?.rttNs).toBeGreaterThan(0n);
  });

  test("sends valid requests to port 123, apart, and leaves nothing open", async () => {
    await trace();
    for (const { to, bytes } of network.sent) {
      expect(to.port).toBe(123);
      expect(bytes).toHaveLength(48);
    }
    expect(network.open.size).toBe(0);
    expect(network.isDisposed).toBe(true);
    expect(clock.timers.size).toBe(0);
  });

  test("is told by the server's own host that nobody listens: reached, by ICMP", async () => {
    use([{ router: 1 }, { barrier: 9 }]);
    const own = parseIpAddress("198.51.100.9");
    if (!own.ok) throw new Error(own.error);
    const { reached, hops } = await trace({ address: own.value });
    expect(reached).toBe(true);
    expect(hops[1]?.answers[0]?.icmp).toEqual({ type: 3, code: 13 });
  });

  test("ends at a router that refuses", async () => {
    use([{ router: 1 }, { barrier: 9 }, "server"]);
    const { reached, hops } = await trace();
    expect(reached).toBe(false);
    expect(hops).toHaveLength(2);
  });

  test("takes a forged answer for none", async () => {
    use(["nobody"]);
    const promise = tracer.traceroute({ address, hopsMax: 1, probesPerHop: 1 });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    const [request] = network.sent;
    if (request === undefined) throw new Error("nothing was sent");
    const forged = answerTo(request.bytes);
    forged[24] = (forged[24] ?? 0) ^ 1;
    network.arrive(request, forged);
    network.arrive(request, answerTo(request.bytes), {
      from: { address: Uint8Array.of(192, 0, 2, 2), port: 123 },
    });
    await clock.run();
    expect((await promise).reached).toBe(false);
  });

  test("without sockets is local_socket_failed, without a network traceroute_unsupported", async () => {
    network.openErrors.push(EMFILE);
    expect(await trace()).toMatchObject({ reason: "local_socket_failed", hops: [] });
    tracer = createTracer({
      clock,
      random: unsafelyDeterministicRandom(1),
      openNetwork: () => Promise.reject(new Error("no such thing here")),
    });
    expect(await trace()).toMatchObject({ reason: "traceroute_unsupported", hops: [] });
  });

  test("makes many, four at a time, and refuses more than can wait", async () => {
    use([{ router: 1 }, "server"]);
    const all = Array.from({ length: 64 }, () => tracer.traceroute({ address }));
    await expect(tracer.traceroute({ address })).rejects.toMatchObject({ code: "limit_exceeded" });
    let openMax = 0;
    const advanceMs = network.advanceMs.bind(network);
    network.advanceMs = (durationMs) => {
      openMax = Math.max(openMax, network.open.size);
      advanceMs(durationMs);
    };
    await clock.run();
    const results = await Promise.all(all);
    expect(results.every(({ reached }) => reached)).toBe(true);
    expect(openMax).toBeGreaterThan(1);
    expect(openMax).toBeLessThanOrEqual(4 * 9);
  });

  test("is aborted while under way and while waiting, and closed, without a rest", async () => {
    const abort = new AbortController();
    const running = Array.from({ length: 6 }, () =>
      tracer.traceroute({ address }, abort.signal).catch((error: unknown) => error),
    );
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    abort.abort();
    for (const error of await Promise.all(running))
      expect(error).toMatchObject({ code: "stopped" });
    const last = tracer.traceroute({ address }).catch((error: unknown) => error);
    await tracer[Symbol.asyncDispose]();
    expect(await last).toMatchObject({ code: "stopped" });
    await expect(tracer.traceroute({ address })).rejects.toMatchObject({ code: "stopped" });
    await clock.run();
    expect(network.open.size).toBe(0);
    expect(clock.timers.size).toBe(0);
  });

  test.each([
    { name: "port 0", change: { port: 0 } },
    { name: "no hops", change: { hopsMax: 0 } },
    { name: "65 hops", change: { hopsMax: 65 } },
    { name: "half a probe", change: { probesPerHop: 0.5 } },
    { name: "no timeout", change: { timeoutMs: 0 } },
  ])("refuses $name", async ({ change }) => {
    await expect(tracer.traceroute({ address, ...change })).rejects.toMatchObject({
      code: "bad_request",
    });
  });
});
