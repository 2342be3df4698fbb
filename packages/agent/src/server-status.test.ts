import { monitorV2 } from "@truechimer/api";
import { parseIpAddress } from "@truechimer/base";
import {
  checkResultOf,
  checkResultWithoutSamples,
  type Exchange,
  encodeNtpPacket,
  judgeExchange,
  type NtpPacket,
  ntpTimestampFromUnixNs,
  referenceIdFromText,
  type Sample,
  type SampleReason,
} from "@truechimer/ntp";
import { describe, expect, test } from "vitest";
import { type FinishedCheck, serverStatus } from "./server-status.ts";

const T1_NS = 1_790_000_000_123_456_789n;
const NONCE = 0x0123_4567_89ab_cdefn;
const ENDED_AT_NS = T1_NS + 5_000_000_001n;

function request(): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes[0] = 0x23;
  new DataView(bytes.buffer).setBigUint64(40, NONCE);
  return bytes;
}

/** An answer over a path of 2 × `oneWayMs` from a server that is 250 µs ahead. */
function sampleWith(oneWayMs: number, changes: Partial<NtpPacket> = {}): Sample {
  const oneWayNs = BigInt(oneWayMs * 1e6);
  const serverNs = T1_NS + oneWayNs + 250_000n;
  const packet: NtpPacket = {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    pollLog2: 6,
    precisionLog2: -24,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0xc0_00_02_01,
    referenceTimestamp: ntpTimestampFromUnixNs(T1_NS),
    originTimestamp: NONCE,
    receiveTimestamp: ntpTimestampFromUnixNs(serverNs),
    transmitTimestamp: ntpTimestampFromUnixNs(serverNs),
    extensionFields: [],
    mac: undefined,
    ...changes,
  };
  return judgeExchange({
    ...unanswered(),
    response: encodeNtpPacket(packet),
    t4: { atNs: T1_NS + 2n * oneWayNs, source: "kernel" },
  });
}

function unanswered(): Exchange {
  return {
    request: request(),
    t1: { atNs: T1_NS, source: "kernel" },
    response: undefined,
    t4: undefined,
    sourceAddress: "127.0.1.3",
    sourcePort: 40_001,
    destinationAddress: "192.0.2.1",
    destinationPort: 1_123,
    clockStepNs: undefined,
  };
}

function silence(reason: SampleReason): Sample {
  return judgeExchange(unanswered(), { silenceReason: reason });
}

function finished(result: FinishedCheck["result"]): FinishedCheck {
  const address = parseIpAddress("192.0.2.1");
  if (!address.ok) throw new Error(address.error);
  return {
    item: {
      address: address.value,
      port: 1_123,
      ticket: Uint8Array.of(9, 9),
      testId: Uint8Array.of(7),
      ipBytes: address.value.bytes,
      checkIntervalMs: undefined,
    },
    result,
    endedAtNs: ENDED_AT_NS,
  };
}

describe("version 5", () => {
  test("carries the outcome, its bound, and every exchange in order", () => {
    const samples = [sampleWith(5), silence("timeout"), sampleWith(3)];
    const status = serverStatus(finished(checkResultOf(samples)), 5);
    expect(status).toMatchObject({
      testId: Uint8Array.of(7),
      ticket: Uint8Array.of(9, 9),
      ipBytes: Uint8Array.of(192, 0, 2, 1),
      error: "",
      reason: "",
      noResponse: false,
      ts: { seconds: 1_790_000_005n, nanos: 123_456_790 },
      stratum: 2,
      leap: 0,
      port: 1_123,
      rtt: { seconds: 0n },
    });
    expect(Math.abs((status.offset?.nanos ?? 0) - 250_000)).toBeLessThan(5);
    expect(status.errorBound?.nanos).toBeGreaterThanOrEqual(3_000_000);
    expect(status.responses.map(({ reason }) => reason)).toEqual(["", "timeout", ""]);
    expect(status.selectedResponse).toEqual(status.responses[2]);
  });

  test("keeps the raw bytes, the stamps and who took them", () => {
    const [sample] = [sampleWith(5)];
    const status = serverStatus(finished(checkResultOf([sample])), 5);
    expect(status.responses[0]).toMatchObject({
      sourceIpBytes: Uint8Array.of(127, 0, 1, 3),
      destinationIpBytes: Uint8Array.of(192, 0, 2, 1),
      sourcePort: 40_001,
      destinationPort: 1_123,
      request: request(),
      data: sample.exchange.response,
      t1: { seconds: 1_790_000_000n, nanos: 123_456_789 },
      t4: { seconds: 1_790_000_000n, nanos: 133_456_789 },
      t1Source: monitorV2.TimestampSource.KERNEL,
      t4Source: monitorV2.TimestampSource.KERNEL,
    });
    expect(status.responses[0]?.clockStep).toBeUndefined();
  });

  test("of silence has stamps only of what happened", () => {
    const status = serverStatus(finished(checkResultOf([silence("connection_refused")])), 5);
    expect(status).toMatchObject({ reason: "connection_refused", noResponse: true, stratum: 0 });
    expect(status.error).toMatch(/connection refused/);
    expect(status.offset).toBeUndefined();
    expect(status.rtt).toBeUndefined();
    expect(status.errorBound).toBeUndefined();
    expect(status.responses[0]?.t4).toBeUndefined();
    expect(status.responses[0]?.t4Source).toBe(monitorV2.TimestampSource.UNSPECIFIED);
    expect(status.responses[0]?.data).toHaveLength(0);
  });

  test("keeps the offset of leap 3, and drops that of RATE", () => {
    const leap3 = serverStatus(finished(checkResultOf([sampleWith(5, { leap: 3 })])), 5);
    expect(leap3).toMatchObject({ reason: "not_synchronised", noResponse: false, leap: 3 });
    expect(leap3.offset).toBeDefined();
    const kiss = { stratum: 0, referenceId: referenceIdFromText("RATE") };
    const rate = serverStatus(finished(checkResultOf([sampleWith(5, kiss)])), 5);
    expect(rate).toMatchObject({ reason: "kiss_rate", noResponse: false, stratum: 0 });
    expect(rate.offset).toBeUndefined();
  });

  test("of an address that was refused has no exchanges", () => {
    const status = serverStatus(finished(checkResultWithoutSamples("address_refused")), 5);
    expect(status).toMatchObject({ reason: "address_refused", noResponse: true, responses: [] });
    expect(status.selectedResponse).toBeUndefined();
  });

  test("names a step of the host's clock", () => {
    const sample = judgeExchange({ ...sampleWith(5).exchange, clockStepNs: -1_500_000_000n });
    const status = serverStatus(finished(checkResultOf([sample])), 5);
    expect(status.responses[0]?.clockStep).toMatchObject({ seconds: -1n, nanos: -500_000_000 });
  });
});

describe("version 4", () => {
  test("has nothing that an old control plane does not know", () => {
    const status = serverStatus(finished(checkResultOf([sampleWith(5), sampleWith(3)])), 4);
    expect(status).toMatchObject({ error: "", reason: "", responses: [], stratum: 2 });
    expect(status.port).toBeUndefined();
    expect(status.errorBound).toBeUndefined();
    expect(status.selectedResponse).toBeUndefined();
    expect(status.offset).toBeDefined();
  });

  test.each([
    ["RATE", [sampleWith(5, { stratum: 0, referenceId: referenceIdFromText("RATE") })], false],
    ["DENY", [sampleWith(5, { stratum: 0, referenceId: referenceIdFromText("DENY") })], false],
    ["bad stratum 16 (referenceID: 0xc0000201)", [sampleWith(5, { stratum: 16 })], false],
    ["bad stratum 12", [sampleWith(5, { stratum: 12 })], false],
    ["network: i/o timeout", [silence("timeout")], true],
    ["network: read: connection refused", [silence("connection_refused")], true],
  ])("says %s", (error, samples, noResponse) => {
    const status = serverStatus(finished(checkResultOf(samples)), 4);
    expect(status).toMatchObject({ error, noResponse });
  });
});
