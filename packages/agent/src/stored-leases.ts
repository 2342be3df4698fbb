// The leases of an agent as they are kept in a file: a line with a checksum, then JSON, in which what came from the
// control plane is as it came. No secrets: a ticket is of use to its own monitor alone.

import { crc32 } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { ok, type Result, refused } from "@truechimer/base";
import type { HeldBatch } from "./leases.ts";
import type { MonitorConfig } from "./monitor-config.ts";
import { parseWorkBatch, type WorkItem } from "./work-batch.ts";

export interface StoredLeases {
  /** Of whom they were had. */
  readonly apiUrl: string;
  readonly monitors: readonly StoredMonitor[];
}

/** Of one monitor. */
export interface StoredMonitor {
  /** Its own address as text. */
  readonly monId: string;
  readonly cursor: bigint | undefined;
  /** What its checks went by. */
  readonly config: monitorV2.GetConfigResponse | undefined;
  readonly batches: readonly StoredBatch[];
}

/** The times are on the wall clock, the only one that outlives a restart. */
export type StoredBatch = Omit<HeldBatch, "takenInNs"> & { readonly takenInAtMs: number };

const FIRST_LINE = /^truechimer-leases 1 ([0-9a-f]{8})$/;
const NEW_LINE = 0x0a;

export function encodeStoredLeases({ apiUrl, monitors }: StoredLeases): Uint8Array {
  const json = Buffer.from(JSON.stringify({ apiUrl, monitors: monitors.map(monitorJson) }));
  return Buffer.concat([Buffer.from(`truechimer-leases 1 ${checksum(json)}\n`), json]);
}

/** Refused, for people: it is not as it was written. */
export function decodeStoredLeases(bytes: Uint8Array): Result<StoredLeases, string> {
  const lineEnds = bytes.indexOf(NEW_LINE);
  const firstLine = new TextDecoder().decode(bytes.subarray(0, Math.max(0, lineEnds)));
  const expected = FIRST_LINE.exec(firstLine)?.[1];
  if (expected === undefined) return refused("it does not begin as a file of leases, version 1");
  const json = bytes.subarray(lineEnds + 1);
  if (checksum(json) !== expected) return refused("its checksum is wrong");
  try {
    const { apiUrl, monitors } = JSON.parse(new TextDecoder().decode(json)) as StoredJson;
    return ok({ apiUrl, monitors: monitors.map(storedMonitor) });
  } catch (error) {
    return refused(error instanceof Error ? error.message : "it makes no sense");
  }
}

/** What is of use for checks; without the broker and its token. */
export function configMessage(config: MonitorConfig): monitorV2.GetConfigResponse {
  const { idlePollIntervalMs, address, natAddress } = config;
  return create(monitorV2.GetConfigResponseSchema, {
    samples: config.samples,
    sampleInterval: durationFromMs(config.sampleIntervalMs),
    sampleTimeout: durationFromMs(config.sampleTimeoutMs),
    privateTargetsAllowed: config.privateTargetsAllowed,
    baseChecks: config.baseChecks.map((name) => new TextEncoder().encode(name)),
    ...(idlePollIntervalMs === undefined
      ? {}
      : { idlePollInterval: durationFromMs(idlePollIntervalMs) }),
    ...(address === undefined ? {} : { ipBytes: address.bytes }),
    ...(natAddress === undefined ? {} : { ipNatBytes: natAddress.bytes }),
  });
}

interface StoredJson {
  readonly apiUrl: string;
  readonly monitors: readonly MonitorJson[];
}

interface MonitorJson {
  readonly monitor: string;
  readonly cursor?: string;
  /** Message in base64. */
  readonly config?: string;
  readonly batches: readonly { readonly takenInAtMs: number; readonly work: string }[];
}

function monitorJson({ monId, cursor, config, batches }: StoredMonitor): MonitorJson {
  return {
    monitor: monId,
    ...(cursor === undefined ? {} : { cursor: String(cursor) }),
    ...(config === undefined
      ? {}
      : { config: toBinary(monitorV2.GetConfigResponseSchema, config).toBase64() }),
    batches: batches.map((batch) => ({
      takenInAtMs: batch.takenInAtMs,
      work: toBinary(monitorV2.GetServersResponseSchema, workMessage(batch)).toBase64(),
    })),
  };
}

function workMessage({ batchId, leaseMs, items }: StoredBatch): monitorV2.GetServersResponse {
  return create(monitorV2.GetServersResponseSchema, {
    batchId,
    lease: durationFromMs(leaseMs),
    servers: items.map(serverMessage),
  });
}

function serverMessage({ ipBytes, port, ticket, testId, checkIntervalMs }: WorkItem) {
  const checkInterval =
    checkIntervalMs === undefined ? {} : { checkInterval: durationFromMs(checkIntervalMs) };
  return { ipBytes, port, ticket, testId, ...checkInterval };
}

/** Throws where it makes no sense. */
function storedMonitor({ monitor, cursor, config, batches }: MonitorJson): StoredMonitor {
  return {
    monId: monitor,
    cursor: cursor === undefined ? undefined : BigInt(cursor),
    config:
      config === undefined
        ? undefined
        : fromBinary(monitorV2.GetConfigResponseSchema, Uint8Array.fromBase64(config)),
    batches: batches.map(({ takenInAtMs, work }) => {
      const message = fromBinary(monitorV2.GetServersResponseSchema, Uint8Array.fromBase64(work));
      const batch = parseWorkBatch(message);
      if (!batch.ok) throw new Error(batch.error);
      const { batchId, batchIdText, items, leaseMs = 0 } = batch.value;
      if (!Number.isSafeInteger(takenInAtMs)) throw new Error(`${takenInAtMs} is no time`);
      return { takenInAtMs, batchId, batchIdText, items, leaseMs };
    }),
  };
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}
