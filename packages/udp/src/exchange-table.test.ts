import { beforeEach, describe, expect, test } from "vitest";
import { answerTo, orderNumber } from "./_orders.ts";
import { type ExchangeState, ExchangeTable, type IncomingDatagram } from "./exchange-table.ts";
import { REMEMBERED_MAX } from "./limits.ts";

type Exchange = ExchangeState<string>;

function arrival(bytes: Uint8Array, change: Partial<IncomingDatagram> = {}): IncomingDatagram {
  return {
    bytes,
    fromAddress: Uint8Array.of(192, 0, 2, 1),
    fromPort: 123,
    toAddress: undefined,
    kernelStampNs: 7n,
    userStampNs: 9n,
    ...change,
  };
}

describe("ExchangeTable", () => {
  let ended: { id: number; phase: string; response: Uint8Array | undefined }[];
  let table: ExchangeTable<string>;

  const begin = (id: number, nowMs: number = 0): Exchange => {
    const exchange = table.add(orderNumber(id), nowMs);
    table.markSent(exchange, "port", nowMs);
    return exchange;
  };

  beforeEach(() => {
    ended = [];
    table = new ExchangeTable((exchange) => {
      ended.push({ id: exchange.order.id, phase: exchange.phase, response: exchange.response });
    });
  });

  test("the answer with our nonce from the right place ends the exchange", () => {
    const exchange = begin(1);
    const answer = answerTo(exchange.order.request);
    table.onDatagram("port", arrival(answer), [exchange]);
    expect(ended).toEqual([{ id: 1, phase: "answered", response: answer }]);
    expect(exchange).toMatchObject({ receivedKernelNs: 7n, receivedUserNs: 9n });
    expect(table.inFlight).toBe(0);
    expect(table.nextDeadlineMs()).toBeUndefined();
  });

  test.each([
    { name: "another address", port: "port", change: { fromAddress: Uint8Array.of(192, 0, 2, 2) } },
    {
      name: "an address of the other family",
      port: "port",
      change: { fromAddress: new Uint8Array(16) },
    },
    { name: "another port", port: "port", change: { fromPort: 124 } },
    { name: "a datagram on another port of ours", port: "other", change: {} },
  ])("our nonce from $name is a forgery", ({ port, change }) => {
    const exchange = begin(1);
    table.onDatagram(port, arrival(answerTo(exchange.order.request), change), [exchange]);
    expect(table.counters).toMatchObject({ spoofed: 1, answered: 0 });
    expect(exchange.response).toBeUndefined();
    expect(table.inFlight).toBe(1);
  });

  test("of strangers the first whole packet is kept, and replaced by the true answer", () => {
    const exchange = begin(1);
    const stranger = answerTo(orderNumber(2).request);
    const second = answerTo(orderNumber(3).request);
    table.onDatagram("port", arrival(new Uint8Array(5)), [exchange]);
    expect(exchange.response).toHaveLength(5);
    table.onDatagram("port", arrival(stranger), [exchange]);
    table.onDatagram("port", arrival(second), [exchange]);
    table.onDatagram("port", arrival(new Uint8Array(9)), [exchange]);
    expect(exchange.response).toEqual(stranger);
    const answer = answerTo(exchange.order.request);
    table.onDatagram("port", arrival(answer), [exchange]);
    expect(ended[0]?.response).toEqual(answer);
    expect(table.counters).toMatchObject({ spoofed: 4, answered: 1 });
  });

  test("a stranger's packet is the evidence when nothing else comes", () => {
    const exchange = begin(1);
    const stranger = answerTo(orderNumber(2).request);
    table.onDatagram("port", arrival(stranger), [exchange]);
    table.expire(1_000);
    expect(ended).toEqual([{ id: 1, phase: "timed_out", response: stranger }]);
  });

  test("answers after the end are duplicate or late, once each", () => {
    const answered = begin(1);
    const silent = begin(2);
    const first = arrival(answerTo(answered.order.request));
    const second = arrival(answerTo(silent.order.request));
    table.onDatagram("port", first, []);
    table.expire(1_000);
    for (const datagram of [first, first, second, second]) table.onDatagram("port", datagram, []);
    expect(table.counters).toMatchObject({
      answered: 1,
      timedOut: 1,
      duplicate: 3,
      late: 1,
      spoofed: 0,
    });
    expect(ended).toHaveLength(2);
  });

  test("a cancelled exchange ends without a count, its answer is late", () => {
    const exchange = begin(1);
    table.cancel(1);
    table.cancel(1);
    table.onDatagram("port", arrival(answerTo(exchange.order.request)), []);
    expect(ended).toMatchObject([{ id: 1, phase: "cancelled" }]);
    expect(table.counters).toMatchObject({ timedOut: 0, answered: 0, late: 1 });
  });

  test("deadlines count from the sending", () => {
    const exchange = table.add(orderNumber(1), 0);
    table.markSent(exchange, "port", 500);
    table.expire(1_499);
    expect(ended).toEqual([]);
    expect(table.nextDeadlineMs()).toBe(1_500);
    table.expire(1_500);
    expect(ended).toMatchObject([{ phase: "timed_out" }]);
  });

  test("a failure ends an exchange once", () => {
    const exchange = begin(1);
    table.fail(exchange, "connection_refused");
    table.fail(exchange, "network_error");
    expect(exchange.failure).toBe("connection_refused");
    expect(table.counters.networkErrors).toBe(1);
    expect(ended).toHaveLength(1);
  });

  test("an answer with the request's other nonce, as of interleaved mode, ends the exchange once", () => {
    const order = orderNumber(1);
    order.request.fill(7, 32, 40);
    const exchange = table.add(order, 0);
    table.markSent(exchange, "port", 0);
    const interleaved = answerTo(order.request);
    interleaved.set(order.request.subarray(32, 40), 24);
    table.onDatagram("port", arrival(interleaved), []);
    table.onDatagram("port", arrival(answerTo(order.request)), []);
    expect(ended).toEqual([{ id: 1, phase: "answered", response: interleaved }]);
    expect(table.counters).toMatchObject({ answered: 1, duplicate: 1, spoofed: 0 });
  });

  test("an origin of 0 is no nonce, although a basic request's receive time stamp is 0", () => {
    const exchange = begin(1);
    table.onDatagram("port", arrival(new Uint8Array(48)), [exchange]);
    expect(table.counters).toMatchObject({ answered: 0, spoofed: 1 });
  });

  test("a quoted request finds its exchange, a fragment of one does not", () => {
    const exchange = begin(1);
    expect(table.exchangeOfRequest(exchange.order.request)).toBe(exchange);
    expect(table.exchangeOfRequest(exchange.order.request.subarray(0, 8))).toBeUndefined();
    expect(table.exchangeOfRequest(orderNumber(2).request)).toBeUndefined();
  });

  test("ended exchanges are forgotten when there are too many", () => {
    const first = begin(0);
    table.cancel(0);
    for (let id = 1; id <= 2 * REMEMBERED_MAX + 1; id += 1) {
      begin(id);
      table.cancel(id);
    }
    const answer = arrival(answerTo(first.order.request));
    table.onDatagram("port", answer, []);
    expect(table.counters).toMatchObject({ late: 0, spoofed: 1 });
    const last = arrival(answerTo(orderNumber(2 * REMEMBERED_MAX + 1).request));
    table.onDatagram("port", last, []);
    expect(table.counters).toMatchObject({ late: 1, spoofed: 1 });
  });

  test("what ended on a port that is closed is forgotten, what may still be answered is not", () => {
    const open = new Set(["port", "other"]);
    table = new ExchangeTable(
      () => {},
      (port) => open.has(port),
    );
    for (let id = 1; id <= 5; id += 1) {
      begin(id);
      table.cancel(id);
    }
    expect(table.remembered).toBe(5);
    table.forgetUnheard();
    expect(table.remembered).toBe(5);
    open.delete("port");
    const last = table.add(orderNumber(6), 0);
    table.markSent(last, "other", 0);
    table.cancel(6);
    table.forgetUnheard();
    expect(table.remembered).toBe(1);
    table.onDatagram("other", arrival(answerTo(last.order.request)), []);
    expect(table.counters).toMatchObject({ late: 1, spoofed: 0 });
  });
});
