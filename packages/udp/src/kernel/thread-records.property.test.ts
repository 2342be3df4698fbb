import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExchangeEvidence } from "../evidence.ts";
import type { ExchangeOrder } from "../exchange-table.ts";
import { EndWriter, OrderWriter, readEnds, readOrders } from "./thread-records.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const port = fc.integer({ min: 1, max: 65_535 });
const addressBytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const order: fc.Arbitrary<ExchangeOrder> = fc.record({
  id: word,
  request: fc.uint8Array({ minLength: 48, maxLength: 1_232 }),
  address: addressBytes,
  port,
  timeoutMs: fc.integer({ min: 1, max: 60_000 }),
  localAddress: fc.option(addressBytes, { nil: undefined }),
});

const evidence: fc.Arbitrary<ExchangeEvidence> = fc
  .record({
    sentNs: fc.option(int64, { nil: undefined }),
    sentByKernel: fc.boolean(),
    response: fc.option(fc.uint8Array({ maxLength: 1_024 }), { nil: undefined }),
    receivedNs: int64,
    receivedByKernel: fc.boolean(),
    sourceAddress: fc.option(addressBytes, { nil: undefined }),
    sourcePort: fc.option(port, { nil: undefined }),
    clockStepNs: int64,
    failure: fc.constantFrom(
      undefined,
      "connection_refused" as const,
      "network_unreachable" as const,
      "host_unreachable" as const,
      "permission_denied" as const,
      "network_error" as const,
      "local_socket_failed" as const,
    ),
  })
  .map((made) => (made.response === undefined ? { ...made, receivedNs: undefined } : made));

test("orders arrive as they were written", () => {
  fc.assert(
    fc.property(fc.array(order, { maxLength: 30 }), (orders) => {
      const writer = new OrderWriter();
      for (const each of orders) writer.put(each);
      expect([...readOrders(writer.take())]).toEqual(orders);
      expect(writer.isEmpty).toBe(true);
    }),
  );
});

test("ended exchanges arrive as they were written, block after block", () => {
  const blocks = fc.array(fc.array(fc.record({ id: word, evidence }), { maxLength: 20 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(blocks, (all) => {
      const writer = new EndWriter();
      for (const ends of all) {
        for (const each of ends) writer.put(each.id, each.evidence);
        expect([...readEnds(writer.take())]).toEqual(ends);
      }
    }),
  );
});
