import { unsafelyDeterministicRandom } from "@truechimer/base";
import { describe, expect, it } from "vitest";
import {
  createClientRequest,
  createInterleavedRequest,
  interleavedWish,
} from "./client-request.ts";
import { createDepartureMemory } from "./departure-memory.ts";

const random = unsafelyDeterministicRandom(1);
const asking = (receiveTimestamp: bigint): Uint8Array =>
  createInterleavedRequest(random, receiveTimestamp).bytes;

describe("a server's memory of departures", () => {
  it("tells each departure once, under the request's other nonce", () => {
    const memory = createDepartureMemory();
    memory.remember(asking(1n), { receiveTimestamp: 7n, departedTimestamp: 9n });
    const request = asking(7n);
    expect(memory.take(request)).toEqual({
      originTimestamp: interleavedWish(request)?.nonce,
      transmitTimestamp: 9n,
    });
    expect(memory.take(request)).toBeUndefined();
  });

  it("spares nothing for clients that do not ask", () => {
    const memory = createDepartureMemory();
    const { bytes } = createClientRequest(random);
    memory.remember(bytes, { receiveTimestamp: 7n, departedTimestamp: 9n });
    expect(memory.take(asking(7n))).toBeUndefined();
    expect(memory.take(bytes)).toBeUndefined();
  });

  it("forgets two answers of one receive time stamp, and the oldest of too many", () => {
    const memory = createDepartureMemory(2);
    const remember = (receiveTimestamp: bigint): void =>
      memory.remember(asking(1n), { receiveTimestamp, departedTimestamp: 9n });
    remember(7n);
    remember(7n);
    expect(memory.take(asking(7n))).toBeUndefined();
    for (const stamp of [10n, 11n, 12n]) remember(stamp);
    expect(memory.take(asking(10n))).toBeUndefined();
    expect(memory.take(asking(11n))).toBeDefined();
  });
});
