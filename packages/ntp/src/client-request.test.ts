import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, it } from "vitest";
import {
  createClientRequest,
  createInterleavedRequest,
  interleavedWish,
  requestNonce,
} from "./client-request.ts";
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

describe("createInterleavedRequest", () => {
  it("tells the server a stamp of its own and two nonces, nothing of our clock", () => {
    const { bytes, nonce } = createInterleavedRequest(
      unsafelyDeterministicRandom(1),
      0x1122334455667788n,
    );
    expect(bytes).toHaveLength(48);
    expect(bytes.subarray(0, 32).toHex()).toBe(`23000020${"00".repeat(20)}1122334455667788`);
    const wish = interleavedWish(bytes);
    expect(wish?.earlierReceiveTimestamp).toBe(0x1122334455667788n);
    expect(new Set([wish?.nonce, nonce, 0n]).size).toBe(3);
  });

  it("never has equal nonces, which a server would take for basic mode", () => {
    let call = 0;
    const repeating = {
      bytes: (length: number) => {
        call += 1;
        return new Uint8Array(length).fill(call < 4 ? 7 : 8);
      },
      fraction: () => 0,
    };
    const { bytes, nonce } = createInterleavedRequest(repeating, 1n);
    expect(nonce).toBe(0x0707070707070707n);
    expect(interleavedWish(bytes)?.nonce).toBe(0x0808080808080808n);
  });
});

describe("interleavedWish", () => {
  it("is none in a basic request, nor in a fragment", () => {
    const { bytes } = createClientRequest(unsafelyDeterministicRandom(1));
    expect(interleavedWish(bytes)).toBeUndefined();
    expect(interleavedWish(new Uint8Array(47).fill(1))).toBeUndefined();
  });

  it("is none where both nonces are the same, or one of the two stamps is missing", () => {
    const request = (origin: number, receive: number): Uint8Array => {
      const bytes = new Uint8Array(48).fill(9, 40);
      return bytes.fill(origin, 24, 32).fill(receive, 32, 40);
    };
    expect(interleavedWish(request(1, 9))).toBeUndefined();
    expect(interleavedWish(request(0, 2))).toBeUndefined();
    expect(interleavedWish(request(1, 0))).toBeUndefined();
    expect(interleavedWish(request(1, 2))).toBeDefined();
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
