import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createTicket,
  parseTicket,
  type TicketFields,
  type TicketKey,
  ticketHolds,
} from "./ticket.ts";

const fields: fc.Arbitrary<TicketFields> = fc.record({
  monitorId: fc.bigInt({ min: 1n, max: 2n ** 62n }),
  batchId: fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  addressBytes: fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  ),
  port: fc.integer({ min: 1, max: 65_535 }),
});
const keys = fc.record({
  version: fc.integer({ min: 1, max: 2_000_000_000 }),
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

function holds(ticket: Uint8Array, each: TicketFields, key: TicketKey): boolean {
  const shown = parseTicket(ticket);
  return shown !== undefined && ticketHolds(shown, each, key);
}

test("a ticket holds for what it was made of", () => {
  fc.assert(
    fc.property(fields, keys, (each, key) => {
      const ticket = createTicket(each, key);
      expect(parseTicket(ticket)?.keyVersion).toBe(key.version);
      expect(holds(ticket, each, key)).toBe(true);
    }),
  );
});

test("it holds for nothing else: monitor, batch, address, port, key, or a changed byte", () => {
  fc.assert(
    fc.property(fields, fields, keys, keys, fc.nat(), (mine, other, key, otherKey, at) => {
      const ticket = createTicket(mine, key);
      const changed = (part: Partial<TicketFields>): boolean =>
        holds(ticket, { ...mine, ...part }, key);
      fc.pre(other.monitorId !== mine.monitorId && other.batchId !== mine.batchId);
      fc.pre(other.port !== mine.port && String(other.addressBytes) !== String(mine.addressBytes));
      expect(changed({ monitorId: other.monitorId })).toBe(false);
      expect(changed({ batchId: other.batchId })).toBe(false);
      expect(changed({ addressBytes: other.addressBytes })).toBe(false);
      expect(changed({ port: other.port })).toBe(false);
      fc.pre(String(otherKey.key) !== String(key.key) && otherKey.version !== key.version);
      expect(holds(ticket, mine, { ...key, key: otherKey.key })).toBe(false);
      expect(holds(ticket, mine, { ...key, version: otherKey.version })).toBe(false);
      const forged = Uint8Array.from(ticket);
      const place = at % forged.length;
      forged[place] = (forged[place] ?? 0) ^ 0x80;
      expect(holds(forged, mine, key)).toBe(false);
    }),
  );
});

test("garbage of any length is no ticket, and is refused without an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fields, keys, (garbage, each, key) => {
      expect(holds(garbage, each, key)).toBe(false);
    }),
  );
});

test("no two lists of fields share a text: a short address followed by a port is not a long one", () => {
  const key = { version: 1, key: new Uint8Array(32) };
  const long = {
    monitorId: 1n,
    batchId: "0".repeat(26),
    addressBytes: Uint8Array.from([1, 2, 3, 4]),
    port: 123,
  };
  const short = { ...long, addressBytes: Uint8Array.from([1, 2, 3]), port: 4 };
  expect(holds(createTicket(long, key), short, key)).toBe(false);
});

test("it is the HMAC-SHA-256 of its fields", () => {
  fc.assert(
    fc.property(
      fields,
      keys,
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      (each, { version }, key) => {
        const { monitorId, batchId, addressBytes, port } = each;
        const expected = createHmac("sha256", key)
          .update(`${monitorId}|${batchId}|`)
          .update(addressBytes)
          .update(`|${port}`)
          .digest("base64url");
        expect(Buffer.from(createTicket(each, { version, key })).toString()).toBe(
          `${version}-${expected}`,
        );
      },
    ),
  );
});
