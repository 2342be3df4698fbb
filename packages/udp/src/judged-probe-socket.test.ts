import {
  type Clock,
  parseIpAddress,
  systemClock,
  systemRandom,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import { beforeEach, describe, expect, test } from "vitest";
import { answerTo } from "./_orders.ts";
import type { ExchangeEvidence } from "./evidence.ts";
import type { ExchangeOrder, ExchangeTableCounters } from "./exchange-table.ts";
import { createJudgedProbeSocket } from "./judged-probe-socket.ts";
import type { ExchangeRequest, ProbeSocket } from "./probe-socket.ts";
import type { Transport, TransportEvents } from "./transport.ts";

const NOTHING: ExchangeEvidence = {
  sentNs: 1_000n,
  sentByKernel: true,
  response: undefined,
  receivedNs: undefined,
  receivedByKernel: false,
  sourceAddress: undefined,
  sourcePort: 40_000,
  clockStepNs: 0n,
  failure: undefined,
};

class FakeTransport implements Transport {
  readonly timestampSource = "kernel";
  readonly inFlightMax: number = 3;
  readonly orders: ExchangeOrder[] = [];
  readonly cancelled: number[] = [];
  readonly busy: boolean[] = [];
  readonly events: TransportEvents;

  constructor(events: TransportEvents) {
    this.events = events;
  }

  start(order: ExchangeOrder): void {
    this.orders.push(order);
  }

  cancel(id: number): void {
    this.cancelled.push(id);
  }

  counters(): ExchangeTableCounters {
    return {
      sent: 0,
      answered: 0,
      timedOut: 0,
      late: 0,
      duplicate: 0,
      spoofed: 0,
      networkErrors: 0,
    };
  }

  setBusy(isBusy: boolean): void {
    this.busy.push(isBusy);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

describe("the probe socket in front of a transport", () => {
  let transport: FakeTransport;
  let socket: ProbeSocket;
  let request: ExchangeRequest;

  beforeEach(async () => {
    const address = parseIpAddress("192.0.2.1");
    if (!address.ok) throw new Error(address.error);
    request = { address: address.value, port: 123, timeoutMs: 1_000 };
    socket = await createJudgedProbeSocket({
      clock: systemClock,
      random: systemRandom,
      serverGapMs: 0,
      inFlightMax: undefined,
      createTransport: (events) => {
        transport = new FakeTransport(events);
        return Promise.resolve(transport);
      },
    });
  });

  const end = (index: number, evidence: Partial<ExchangeEvidence> = {}): void => {
    const order = transport.orders[index];
    if (order !== undefined) transport.events.onEnd(order.id, { ...NOTHING, ...evidence });
  };

  test("what a broken transport had in flight is rejected, and what comes after", async () => {
    const running = socket.exchange(request);
    transport.events.onBroken(new Error("the thread died"));
    await expect(running).rejects.toMatchObject({ code: "socket_failed" });
    await expect(socket.exchange(request)).rejects.toMatchObject({ code: "socket_failed" });
    end(0);
  });

  test("a step of the clock is in the evidence and refuses the sample", async () => {
    const running = socket.exchange(request);
    const response = answerTo(transport.orders[0]?.request ?? new Uint8Array(48));
    response[1] = 1;
    response[47] = 1;
    response[39] = 1;
    end(0, { response, receivedNs: 5_000n, receivedByKernel: true, clockStepNs: -7_000n });
    const { reason, exchange } = await running;
    expect(exchange.clockStepNs).toBe(-7_000n);
    expect(reason).toBe("clock_stepped");
  });

  test("stamps of both sources may meet in one exchange, and each says whose it is", async () => {
    const running = socket.exchange(request);
    end(0, {
      sentByKernel: false,
      response: new Uint8Array(3),
      receivedNs: 9n,
      receivedByKernel: true,
    });
    const { exchange } = await running;
    expect(exchange.t1).toEqual({ atNs: 1_000n, source: "user_space" });
    expect(exchange.t4).toEqual({ atNs: 9n, source: "kernel" });
  });

  test("the process is held only while something is in flight", async () => {
    const running = [socket.exchange(request), socket.exchange(request)];
    expect(transport.busy).toEqual([true]);
    end(0);
    end(1);
    await Promise.all(running);
    expect(transport.busy).toEqual([true, false]);
  });

  test("the limit of the transport holds, and an ended exchange makes room", async () => {
    const running = [1, 2, 3].map(() => socket.exchange(request));
    await expect(socket.exchange(request)).rejects.toMatchObject({ code: "limit_exceeded" });
    end(0);
    const next = socket.exchange(request);
    for (const index of [1, 2, 3]) end(index);
    await expect(Promise.all([...running, next])).resolves.toHaveLength(4);
  });

  test("an aborted exchange is cancelled below, and a second end does nothing", async () => {
    const abort = new AbortController();
    const running = socket.exchange(request, abort.signal);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "stopped" });
    expect(transport.cancelled).toEqual([transport.orders[0]?.id]);
    end(0);
    expect(socket.counters().inFlight).toBe(0);
  });

  test("a transport that broke shows, and is told once", async () => {
    const told: unknown[] = [];
    await using breakable = await createJudgedProbeSocket({
      clock: systemClock,
      random: systemRandom,
      serverGapMs: 0,
      inFlightMax: undefined,
      onBroken: ({ code }) => told.push(code),
      createTransport: (events) => {
        transport = new FakeTransport(events);
        return Promise.resolve(transport);
      },
    });
    expect(breakable.failure).toBeUndefined();
    transport.events.onBroken(new Error("out of memory"));
    transport.events.onBroken(new Error("the thread ended"));
    expect(breakable.failure).toMatchObject({ code: "socket_failed" });
    expect(told).toEqual(["socket_failed"]);
    await expect(breakable.exchange(request)).rejects.toBe(breakable.failure);
  });

  test("a socket that was closed is not a broken one", async () => {
    await socket[Symbol.asyncDispose]();
    expect(socket.failure).toBeUndefined();
  });

  test("requests to one server leave a gap apart, and an aborted one never", async () => {
    const timers: { delayMs: number; callback: () => void }[] = [];
    const standing: Clock = {
      nowNs: () => 0n,
      monotonicNs: () => 0n,
      setTimer: (delayMs, callback) => {
        const timer = { delayMs, callback };
        timers.push(timer);
        return () => {
          timer.callback = () => {};
        };
      },
    };
    await using paced = await createJudgedProbeSocket({
      clock: standing,
      random: systemRandom,
      serverGapMs: 2_000,
      inFlightMax: undefined,
      createTransport: (events) => {
        transport = new FakeTransport(events);
        return Promise.resolve(transport);
      },
    });
    const abort = new AbortController();
    const running = [paced.exchange(request), paced.exchange(request, abort.signal)];
    running.push(paced.exchange(request));
    expect(transport.orders).toHaveLength(1);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([2_000, 4_000]);
    abort.abort();
    for (const { callback } of timers) callback();
    expect(transport.orders).toHaveLength(2);
    end(0);
    end(1);
    const outcomes = await Promise.allSettled(running);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("nonces come from the generator that was given", async () => {
    const nonceOf = async (seed: number): Promise<string> => {
      let order: ExchangeOrder | undefined;
      await using seeded = await createJudgedProbeSocket({
        clock: systemClock,
        random: unsafelyDeterministicRandom(seed),
        serverGapMs: 0,
        inFlightMax: undefined,
        createTransport: (events) => {
          const fake = new FakeTransport(events);
          fake.start = (started) => {
            order = started;
            events.onEnd(started.id, NOTHING);
          };
          return Promise.resolve(fake);
        },
      });
      await seeded.exchange(request);
      return order?.request.subarray(40).toHex() ?? "";
    };
    expect(await nonceOf(1)).toBe(await nonceOf(1));
    expect(await nonceOf(1)).not.toBe(await nonceOf(2));
  });
});
