import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSocketAddress, encodeSocketAddress, SOCKADDR_BYTES_MAX } from "./socket-address.ts";

const endpoint = fc.record({
  address: fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  ),
  port: fc.integer({ min: 0, max: 65_535 }),
});

test("an endpoint survives the kernel's structure, whatever was there before", () => {
  fc.assert(
    fc.property(endpoint, fc.integer({ min: 0, max: 255 }), (original, dirt) => {
      const view = new DataView(new Uint8Array(64).fill(dirt).buffer);
      const length = encodeSocketAddress(view, 16, original);
      expect(length).toBe(original.address.length === 4 ? 16 : SOCKADDR_BYTES_MAX);
      expect(decodeSocketAddress(view, 16)).toEqual(original);
    }),
  );
});

test("an unknown family is no endpoint", () => {
  expect(decodeSocketAddress(new DataView(new ArrayBuffer(64)), 0)).toBeUndefined();
});
