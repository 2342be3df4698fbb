import { beforeEach, describe, expect, test } from "vitest";
import { answerTo, orderNumber } from "../_orders.ts";
import type { ExchangeOrder } from "../exchange-table.ts";
import { BATCH_MAX, PORT_LINGER_MS, PORT_USES_MAX } from "../limits.ts";
import { FakeNetwork, type SentDatagram } from "./_fake-network.ts";
import { PortPool } from "./port-pool.ts";
import { ProbeEngine } from "./probe-engine.ts";

const ECONNREFUSED = 111;
const ENETUNREACH = 101;
const EADDRNOTAVAIL = 99;
const EPERM = 1;
const EACCES = 13;
const ENFILE = 23;
const EMFILE = 24;
const EAFNOSUPPORT = 97;
const ENOBUFS = 105;
const SECOND_NS = 1_000_000_000n;

interface Ended {
  readonly id: number;
  readonly phase: string;
  readonly failure: string | undefined;
  readonly steppedNs: bigint;
  readonly sentNs: bigint | undefined;
  readonly sentByKernel: boolean;
}

describe("ProbeEngine", () => {
  let network: FakeNetwork;
  let ended: Ended[];
  let engine: ProbeEngine;

  const start = (portsOpenMax: number = 1_000): void => {
    network = new FakeNetwork();
    ended = [];
    engine = new ProbeEngine({
      network,
      ports: new PortPool({ network, fraction: () => 0.5, portsOpenMax }),
      nowMs: () => network.nowMs,
      onEnd: (exchange, steppedNs) => {
        const { order, phase, failure, sentKernelNs, sentUserNs } = exchange;
        const sentByKernel = sentKernelNs !== undefined;
        const sentNs = sentKernelNs ?? sentUserNs;
        ended.push({ id: order.id, phase, failure, steppedNs, sentNs, sentByKernel });
      },
    });
  };
  const send = (...orders: readonly ExchangeOrder[]): readonly SentDatagram[] => {
    const from = network.sent.length;
    for (const order of orders) engine.add(order);
    engine.sendQueued();
    return network.sent.slice(from);
  };
  const sendOne = (order: ExchangeOrder): SentDatagram => {
    const [sent] = send(order);
    if (sent === undefined) throw new Error("nothing was sent");
    return sent;
  };
  const orders = (count: number, change: Partial<ExchangeOrder> = {}): readonly ExchangeOrder[] =>
    Array.from({ length: count }, (_, id) => orderNumber(id, change));

  beforeEach(() => start());

  test("each request leaves from a port of its own while few are open", () => {
    const sent = send(...orders(10));
    expect(new Set(sent.map(({ port }) => port)).size).toBe(10);
  });

  test("an answer ends the exchange with the kernel's stamps", () => {
    const request = sendOne(orderNumber(1));
    network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(ended).toMatchObject([{ id: 1, phase: "answered", sentByKernel: true, steppedNs: 0n }]);
  });

  test("without a transmit stamp our own reading does, and is earlier", () => {
    network.stampsTransmissions = false;
    const request = sendOne(orderNumber(1));
    const sentNs = network.wallNs;
    network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(ended).toMatchObject([{ phase: "answered", sentByKernel: false }]);
    expect(ended[0]?.sentNs).toBeLessThan(sentNs);
  });

  test("silence ends when the deadline has come, not before", () => {
    send(orderNumber(1, { timeoutMs: 400 }));
    engine.turn(true);
    expect(ended).toEqual([]);
    engine.turn(true);
    expect(ended).toMatchObject([{ id: 1, phase: "timed_out" }]);
    expect(network.nowMs).toBeLessThan(402);
  });

  test.each([
    { name: "an hour back", stepNs: -3_600n * SECOND_NS },
    { name: "a millisecond forward", stepNs: 1_000_000n },
  ])("a clock that is set $name meanwhile marks the exchange", ({ stepNs }) => {
    const request = sendOne(orderNumber(1));
    network.steppedNs += stepNs;
    network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(ended).toMatchObject([{ phase: "answered", steppedNs: stepNs }]);
  });

  test("a step before the sending or after the answer marks nothing", () => {
    network.steppedNs += SECOND_NS;
    const request = sendOne(orderNumber(1));
    network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    network.steppedNs += SECOND_NS;
    const next = sendOne(orderNumber(2));
    network.arrive(next, answerTo(next.bytes));
    engine.turn(true);
    expect(ended.map(({ steppedNs }) => steppedNs)).toEqual([0n, 0n]);
  });

  test("an ICMP message ends the exchange whose request it quotes, and no other", () => {
    start(1);
    const [first, second] = send(...orders(2));
    if (first === undefined || second === undefined) throw new Error("two were sent");
    expect(first.port).toBe(second.port);
    network.unreachable(second, ECONNREFUSED);
    engine.turn(true);
    expect(ended).toMatchObject([{ id: 1, phase: "failed", failure: "connection_refused" }]);
  });

  test("a short quotation counts by destination", () => {
    start(1);
    const [first] = send(orderNumber(1), orderNumber(2, { address: Uint8Array.of(192, 0, 2, 9) }));
    if (first === undefined) throw new Error("two were sent");
    network.unreachable(first, ENETUNREACH, { quoted: first.bytes.subarray(0, 8) });
    engine.turn(true);
    expect(ended).toMatchObject([{ id: 1, failure: "network_unreachable" }]);
  });

  test("a forged ICMP message with another nonce or destination ends nothing", () => {
    const request = sendOne(orderNumber(1));
    const other = { ...request, to: { address: Uint8Array.of(192, 0, 2, 9), port: 123 } };
    network.unreachable(other, ECONNREFUSED);
    network.unreachable(other, ECONNREFUSED, { quoted: new Uint8Array(0) });
    engine.turn(true);
    expect(ended).toEqual([]);
  });

  test("another exchange's error on the socket costs nobody an exchange", () => {
    start(1);
    send(orderNumber(1));
    network.sendErrors.push(ECONNREFUSED);
    const sent = send(orderNumber(2), orderNumber(3));
    expect(sent).toHaveLength(2);
    expect(ended).toEqual([]);
  });

  test("an error on a fresh port is the request's own", () => {
    network.sendErrors.push(ENETUNREACH, ENETUNREACH);
    send(orderNumber(1));
    expect(ended).toMatchObject([
      { id: 1, phase: "failed", failure: "network_unreachable", sentNs: undefined },
    ]);
    expect(engine.counters).toMatchObject({ sent: 0, networkErrors: 1 });
  });

  test("stamps stay with their requests after a failed sending", () => {
    start(1);
    network.sendErrors.push(0, ECONNREFUSED);
    const sent = send(...orders(4));
    expect(sent).toHaveLength(4);
    for (const request of sent) network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(ended.every(({ sentByKernel }) => sentByKernel)).toBe(true);
    expect(new Set(ended.map(({ sentNs }) => sentNs)).size).toBe(4);
  });

  test("a full device is tried again, in time", () => {
    network.sendErrors.push(ENOBUFS);
    expect(send(orderNumber(0))).toHaveLength(0);
    engine.turn(true);
    expect(network.sent).toHaveLength(1);
    expect(ended).toEqual([]);
    engine.cancel(0);
    network.sendErrors.push(...Array.from({ length: 5_000 }, () => ENOBUFS));
    engine.add(orderNumber(2, { timeoutMs: 20 }));
    for (let i = 0; i < 40; i += 1) engine.turn(true);
    expect(ended).toMatchObject([
      { id: 0, phase: "cancelled" },
      { id: 2, phase: "failed", failure: "local_socket_failed", sentNs: undefined },
    ]);
  });

  test("a local address that is not ours fails the exchange", () => {
    network.openErrors.push(EADDRNOTAVAIL);
    send(orderNumber(1, { localAddress: Uint8Array.of(192, 0, 2, 7) }));
    expect(ended).toMatchObject([{ id: 1, failure: "local_socket_failed" }]);
  });

  test.each([EMFILE, ENFILE, EACCES])(
    "a socket refused with errno %i is our own fault",
    (errno) => {
      network.openErrors.push(errno);
      send(orderNumber(1));
      expect(ended).toMatchObject([{ id: 1, failure: "local_socket_failed", sentNs: undefined }]);
    },
  );

  test("a request that our own host forbids is our own fault", () => {
    network.sendErrors.push(EPERM, EPERM);
    send(orderNumber(1));
    expect(ended).toMatchObject([{ id: 1, failure: "local_socket_failed", sentNs: undefined }]);
  });

  test("out of sockets, requests share the open ones", () => {
    send(orderNumber(1));
    network.openErrors.push(EMFILE);
    send(orderNumber(2));
    expect(network.sent.map(({ port }) => port.fd)).toEqual([10, 10]);
  });

  test("shared ports are sent to in batches, with all stamps", () => {
    start(4);
    const sent = send(...orders(BATCH_MAX * 3));
    expect(sent).toHaveLength(BATCH_MAX * 3);
    expect(network.open.size).toBe(4);
    expect(Math.max(...network.batches)).toBeGreaterThan(8);
    for (const request of sent) network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(ended).toHaveLength(BATCH_MAX * 3);
    expect(ended.every(({ sentByKernel }) => sentByKernel)).toBe(true);
  });

  test("families and local addresses never share a port", () => {
    start(1);
    const sent = send(
      orderNumber(1),
      orderNumber(2, { address: new Uint8Array(16) }),
      orderNumber(3, { localAddress: Uint8Array.of(127, 0, 0, 7) }),
    );
    expect(new Set(sent.map(({ port }) => port.fd)).size).toBe(3);
  });

  test("a port that has served its uses is replaced", () => {
    start(1);
    for (let id = 0; id <= PORT_USES_MAX; id += 1) {
      const request = sendOne(orderNumber(id));
      network.arrive(request, answerTo(request.bytes));
      engine.turn(true);
    }
    const ports = new Set(network.sent.map(({ port }) => port.fd));
    expect(ports.size).toBe(2);
  });

  test("ports are closed some time after their last exchange, and then all is idle", () => {
    const sent = send(...orders(3));
    expect(engine.isIdle).toBe(false);
    for (const request of sent) network.arrive(request, answerTo(request.bytes));
    engine.turn(true);
    expect(network.open.size).toBe(3);
    network.advanceMs(PORT_LINGER_MS);
    engine.turn(true);
    expect(network.open.size).toBe(0);
    expect(engine.isIdle).toBe(true);
  });

  test("a cancelled exchange is not sent", () => {
    engine.add(orderNumber(1));
    engine.cancel(1);
    engine.sendQueued();
    expect(network.sent).toEqual([]);
    expect(ended).toMatchObject([{ id: 1, phase: "cancelled" }]);
  });

  test("the way is warmed up for an interleaved request after a pause, for no other", () => {
    const interleaved = (id: number): ExchangeOrder => {
      const order = orderNumber(id);
      order.request.fill(7, 32, 40);
      return order;
    };
    send(orderNumber(1));
    network.advanceMs(5);
    send(interleaved(2));
    send(interleaved(3));
    network.advanceMs(5);
    send(orderNumber(4));
    expect(network.warmUps).toEqual([1]);
  });

  test("a host without IPv6 fails its exchanges over IPv6, and goes on with IPv4", () => {
    const overIpv6 = orderNumber(1, { address: new Uint8Array(16).fill(0x20) });
    network.openErrors.push(EAFNOSUPPORT);
    const sent = send(overIpv6, orderNumber(2));
    expect(ended).toMatchObject([{ id: 1, phase: "failed", failure: "local_socket_failed" }]);
    expect(sent.map(({ to }) => to.address.length)).toEqual([4]);
  });
});
