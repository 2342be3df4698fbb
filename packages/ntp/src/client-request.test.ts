import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, it } from "vitest";
import { createClientRequest, requestNonce } from "./client-request.ts";
import { parseNtpPacket } from "./ntp-packet.ts";

describe("createClientRequest", () => {
  it("tells the server nothing but the nonce", () => {
    const { bytes, nonce } = createClientRequest(unsafelyDeterministicRandom(1));
    expect(bytes).toHaveLength(48);
    expect(bytes.subarray(0, 40).toHex()).toBe(`23000020${"00".repeat(36)}`);
    expect(requestNonce(bytes)).toBe(nonce);
    const parsed = parseNtpPacket(bytes);
    expect(parsed).toMatchObject({
      ok: true,
      value: { mode: 3, version: 4, transmitTimestamp: nonce },
    });
  });

  it("has another nonce each time", () => {
    const random = unsafelyDeterministicRandom(1);
    const nonces = new Set(Array.from({ length: 1_000 }, () => createClientRequest(random).nonce));
    expect(nonces.size).toBe(1_000);
  });

  it("never has the nonce 0, which a server would drop", () => {
    const zeros = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };
    const { bytes, nonce } = createClientRequest(zeros);
    expect(nonce).toBe(1n);
    expect(requestNonce(bytes)).toBe(1n);
  });
});

describe("requestNonce", () => {
  it("is 0 for what is no request", () => {
    expect(requestNonce(new Uint8Array(47).fill(1))).toBe(0n);
  });

  it("is read from the middle of a buffer", () => {
    const { bytes, nonce } = createClientRequest(unsafelyDeterministicRandom(2));
    const buffer = new Uint8Array(100);
    buffer.set(bytes, 13);
    expect(requestNonce(buffer.subarray(13, 61))).toBe(nonce);
  });
});
