import type { Clock } from "@truechimer/base";
import { beforeEach, describe, expect, test } from "vitest";
import { answerTo, orderNumber } from "../_orders.ts";
import type { ExchangeEvidence } from "../evidence.ts";
import { PORT_LINGER_MS } from "../limits.ts";
import { FakeNetwork, type SentDatagram } from "./_fake-network.ts";
import { PolledTransport } from "./polled-transport.ts";

const LOOK_EVERY_MS = 20;
const TIMEOUT_MS = 1_000;

interface Ended {
  readonly id: number;
  readonly evidence: ExchangeEvidence;
}

describe("a transport that looks at its sockets", () => {
  let network: FakeNetwork;
  let transport: PolledTransport;
  let ended: Ended[];
  let broken: unknown[];
  let timers: Set<{ readonly atNs: bigint; readonly callback: () => void }>;
  let onEnd: (id: number) => void;

  const advanceTo = (ms: number): void => {
    for (;;) {
      const [next] = [...timers].toSorted((one, other) => Number(one.atNs - other.atNs));
      if (next === undefined || Number(next.atNs) / 1e6 > ms) break;
      timers.delete(next);
      if (next.atNs > network.monotonicNs) network.monotonicNs = next.atNs;
      next.callback();
    }
    if (network.nowMs < ms) network.advanceMs(ms - network.nowMs);
  };
  const send = async (id: number): Promise<SentDatagram> => {
    transport.start(orderNumber(id, { timeoutMs: TIMEOUT_MS }));
    // Orders of one turn of the event loop leave together, at its end.
    await Promise.resolve();
    const sent = network.sent.at(-1);
    if (sent === undefined) throw new Error("nothing was sent");
    return sent;
  };

  beforeEach(() => {
    network = new FakeNetwork();
    ended = [];
    broken = [];
    timers = new Set();
    onEnd = () => {};
    const clock: Clock = {
      nowNs: () => network.wallNs,
      monotonicNs: () => network.monotonicNs,
      setTimer: (delayMs, callback) => {
        const atNs = network.monotonicNs + BigInt(Math.round(delayMs * 1e6));
        const timer = { atNs, callback };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    };
    transport = new PolledTransport(network, {
      clock,
      lookEveryMs: LOOK_EVERY_MS,
      events: {
        onEnd: (id, evidence) => {
          ended.push({ id, evidence });
          onEnd(id);
        },
        onBroken: (cause) => broken.push(cause),
      },
    });
  });

  test("sends at once and tells an answer at the next beat, with the stamp of its arrival", async () => {
    advanceTo(7);
    const request = await send(1);
    network.advanceMs(2);
    const arrivedNs = network.wallNs;
    network.arrive(request, answerTo(request.bytes));
    expect(ended).toEqual([]);
    advanceTo(LOOK_EVERY_MS);
    expect(ended.map(({ id }) => id)).toEqual([1]);
    expect(ended[0]?.evidence).toMatchObject({ receivedNs: arrivedNs, receivedByKernel: true });
  });

  test("the response stays what it was when the next datagram comes", async () => {
    const request = await send(1);
    const memory = answerTo(request.bytes);
    network.arrive(request, memory);
    advanceTo(LOOK_EVERY_MS);
    const before = answerTo(request.bytes);
    memory.fill(0);
    expect(ended[0]?.evidence.response).toEqual(before);
  });

  test("an answer that came before a late look is no timeout", async () => {
    const request = await send(1);
    network.arrive(request, answerTo(request.bytes));
    // The thread was busy with something else for two seconds.
    network.advanceMs(2 * TIMEOUT_MS);
    advanceTo(network.nowMs + LOOK_EVERY_MS);
    expect(ended[0]?.evidence.response).toBeDefined();
    expect(transport.counters()).toMatchObject({ answered: 1, timedOut: 0 });
  });

  test("a silent server's exchange ends within a beat of its timeout", async () => {
    await send(1);
    advanceTo(TIMEOUT_MS - 1);
    expect(ended).toEqual([]);
    advanceTo(TIMEOUT_MS + LOOK_EVERY_MS + 1);
    expect(ended.map(({ evidence }) => evidence.response)).toEqual([undefined]);
  });

  test("looks no more when the last port is closed, and again for the next exchange", async () => {
    const request = await send(1);
    network.arrive(request, answerTo(request.bytes));
    advanceTo(PORT_LINGER_MS + 3 * LOOK_EVERY_MS);
    expect(timers.size).toBe(0);
    const next = await send(2);
    network.arrive(next, answerTo(next.bytes));
    advanceTo(network.nowMs + LOOK_EVERY_MS);
    expect(ended.map(({ id }) => id)).toEqual([1, 2]);
  });

  test("whoever is told of an end may begin and cancel others", async () => {
    const one = await send(1);
    const other = await send(2);
    onEnd = (id) => {
      if (id !== 1) return;
      transport.cancel(3);
      transport.start(orderNumber(4));
    };
    await send(3);
    network.arrive(one, answerTo(one.bytes));
    network.arrive(other, answerTo(other.bytes));
    advanceTo(LOOK_EVERY_MS);
    await Promise.resolve();
    expect(ended.map(({ id }) => id)).toEqual([1, 2]);
    expect(network.sent).toHaveLength(4);
    advanceTo(TIMEOUT_MS + 4 * LOOK_EVERY_MS);
    expect(ended.map(({ id }) => id)).toEqual([1, 2, 4]);
  });

  test("a kernel that fails breaks it once, and leaves no timer behind", async () => {
    await send(1);
    network.wait = () => {
      throw new RangeError("epoll_wait failed");
    };
    advanceTo(5 * LOOK_EVERY_MS);
    expect(broken).toEqual([new RangeError("epoll_wait failed")]);
    expect(timers.size).toBe(0);
    await expect(transport[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  test("closed, it tells nothing more and holds no port", async () => {
    const request = await send(1);
    network.arrive(request, answerTo(request.bytes));
    await transport[Symbol.asyncDispose]();
    transport.start(orderNumber(2));
    advanceTo(10 * TIMEOUT_MS);
    expect(ended).toEqual([]);
    expect(network.open.size).toBe(0);
  });
});
