import { crc32 } from "node:zlib";
import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { describe, expect, test } from "vitest";
import { monitorConfigFrom } from "./monitor-config.ts";
import {
  configMessage,
  decodeStoredLeases,
  encodeStoredLeases,
  type StoredLeases,
} from "./stored-leases.ts";

const BATCH_ID = "01KAWM9W3M8Z0FG2S4T6V8X0YZ";

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

const CONFIG = {
  samples: 3,
  sampleIntervalMs: 2_000,
  sampleTimeoutMs: 3_000,
  idlePollIntervalMs: 1_500,
  privateTargetsAllowed: true,
  baseChecks: ["ntp.example"],
  address: ip("203.0.113.9"),
  natAddress: ip("10.1.2.3"),
  broker: undefined,
  otlpLogLevel: undefined,
  peerIsTruechimer: true,
};

function leases(): StoredLeases {
  const address = ip("2001:db8::1");
  const item = {
    address,
    port: 1_123,
    ticket: Uint8Array.of(1, 2, 3),
    testId: Uint8Array.of(4),
    ipBytes: new Uint8Array(address.bytes),
    checkIntervalMs: 60_000,
  };
  const batch = {
    batchId: new TextEncoder().encode(BATCH_ID),
    batchIdText: BATCH_ID,
    items: [item],
    leaseMs: 86_400_000,
    takenInAtMs: 1_767_225_600_000,
  };
  const monitor = { monId: "203.0.113.9", cursor: 2n ** 60n + 1n, config: configMessage(CONFIG) };
  return { apiUrl: "https://api.example", monitors: [{ ...monitor, batches: [batch] }] };
}

function withChecksum(json: string): Uint8Array {
  const sum = crc32(json).toString(16).padStart(8, "0");
  return Buffer.from(`truechimer-leases 1 ${sum}\n${json}`);
}

test("stored leases are read as they were written", () => {
  const decoded = decodeStoredLeases(encodeStoredLeases(leases()));
  if (!decoded.ok) throw new Error(decoded.error);
  expect(decoded.value).toEqual(leases());
});

test("a configuration is the same after a restart, without a broker's token", () => {
  const broker = { host: "mq.example", port: 8_883, token: "secret" };
  const message = configMessage({ ...CONFIG, broker });
  expect(monitorConfigFrom(message, { allowPrivateTargets: true })).toEqual(CONFIG);
  expect(monitorConfigFrom(message, { allowPrivateTargets: false })).toMatchObject({
    privateTargetsAllowed: false,
  });
});

describe("stored leases are refused", () => {
  test("whatever bit of them is another", () => {
    const bytes = encodeStoredLeases(leases());
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Uint8Array.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 0x04;
      expect(decodeStoredLeases(changed).ok).toBe(false);
      expect(decodeStoredLeases(bytes.subarray(0, place)).ok).toBe(false);
    }
  });

  test.each([
    "{}",
    "null",
    "[]",
    "nonsense",
    `{"apiUrl":"","monitors":[{}]}`,
    `{"apiUrl":"","monitors":[{"monitor":"","cursor":"x","batches":[]}]}`,
    `{"apiUrl":"","monitors":[{"monitor":"","config":"////","batches":[]}]}`,
    `{"apiUrl":"","monitors":[{"monitor":"","batches":[{"takenInAtMs":"x","work":""}]}]}`,
    `{"apiUrl":"","monitors":[{"monitor":"","batches":[{"takenInAtMs":1.5,"work":""}]}]}`,
  ])("that make no sense in spite of their checksum: %s", (json) => {
    expect(decodeStoredLeases(withChecksum(json))).toMatchObject({ ok: false });
  });
});
