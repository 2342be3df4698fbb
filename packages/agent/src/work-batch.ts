// The work that the control plane hands out at once, checked. An entry that makes no sense is left out and named, and
// never keeps its neighbours from being probed.

import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { monitorV2 } from "@truechimer/api";
import {
  type IpAddress,
  ipAddressFromBytes,
  isUlid,
  ok,
  type Result,
  refused,
} from "@truechimer/base";

export interface WorkItem {
  readonly address: IpAddress;
  /** UDP port. */
  readonly port: number;
  /** As received; both go back with the result. */
  readonly ticket: Uint8Array;
  readonly testId: Uint8Array;
  /** The address as received, because an IPv4-mapped IPv6 address stays 16 bytes on the wire. */
  readonly ipBytes: Uint8Array;
  /** How often to check it under its lease. Absent: it is for once. */
  readonly checkIntervalMs: number | undefined;
}

/** A server that must not be checked any more under leases from before. */
export interface Withdrawal {
  readonly address: IpAddress;
  readonly port: number;
}

export interface WorkBatch {
  /** The 26 characters of a ULID, as received. */
  readonly batchId: Uint8Array;
  readonly batchIdText: string;
  /** To be checked. */
  readonly items: readonly WorkItem[];
  /** To be traced: once, whatever the lease says. */
  readonly traceroutes: readonly WorkItem[];
  /** Why entries were left out, for people. */
  readonly leftOut: readonly string[];
  /** How long the tickets hold. Absent: the work is for once. */
  readonly leaseMs: number | undefined;
  readonly withdrawals: readonly Withdrawal[];
  /** Absent: as before. */
  readonly withdrawalsCursor: bigint | undefined;
}

export const NTP_PORT = 123;

const PORT_MAX = 65_535;
/** Entries beyond are left out: the work of one batch must end within the life of its tickets. */
const BATCH_ITEMS_MAX = 1_000;
/** A lease is a day; a longer one is cut. */
const LEASE_MS_MAX = 24 * 3_600_000;
/** Leased work is done no more often than this, whatever the control plane says. */
const CHECK_INTERVAL_MS_MIN = 1_000;

/** Refused, with the text for people, when the batch as a whole makes no sense. */
export function parseWorkBatch(message: monitorV2.GetServersResponse): Result<WorkBatch, string> {
  const batchIdText: string = new TextDecoder().decode(message.batchId.subarray(0, 32));
  const isBatchId: boolean = isUlid(batchIdText);
  if (message.servers.length > 0 && !isBatchId) {
    return refused(`batch id "${batchIdText}" is not a ULID: expected 26 characters`);
  }
  const servers = message.servers.slice(0, BATCH_ITEMS_MAX);
  const checks = parseWorkItems(servers.filter(({ trace }) => !trace));
  const traceroutes = parseWorkItems(servers.filter(({ trace }) => trace));
  const leftOut = [...checks.leftOut, ...traceroutes.leftOut];
  const excess = message.servers.length - BATCH_ITEMS_MAX;
  return ok({
    batchId: message.batchId,
    batchIdText,
    items: checks.items,
    traceroutes: traceroutes.items,
    leftOut: excess > 0 ? [...leftOut, `${excess} entries beyond ${BATCH_ITEMS_MAX}`] : leftOut,
    leaseMs: positiveMs(message.lease, { minMs: 0, maxMs: LEASE_MS_MAX }),
    withdrawals: message.withdrawals.flatMap(withdrawalOf),
    withdrawalsCursor: message.withdrawalsCursor,
  });
}

function withdrawalOf({ ipBytes, port }: monitorV2.LeaseWithdrawal): readonly Withdrawal[] {
  const address = ipAddressFromBytes(ipBytes);
  return address.ok ? [{ address: address.value, port: port ?? NTP_PORT }] : [];
}

/** Absent: there is none, or it is not above 0. */
function positiveMs(
  duration: Duration | undefined,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): number | undefined {
  const ms = duration === undefined ? 0 : durationMs(duration);
  return ms > 0 ? Math.min(Math.max(ms, minMs), maxMs) : undefined;
}

function parseWorkItems(
  servers: readonly monitorV2.Server[],
): Pick<WorkBatch, "items" | "leftOut"> {
  const parsed = servers.map(parseWorkItem);
  return {
    items: parsed.flatMap((item) => (item.ok ? [item.value] : [])),
    leftOut: parsed.flatMap((item) => (item.ok ? [] : [item.error])),
  };
}

function parseWorkItem(server: monitorV2.Server): Result<WorkItem, string> {
  const address = ipAddressFromBytes(server.ipBytes);
  if (!address.ok) return refused(address.error);
  const port = server.port ?? NTP_PORT;
  if (port < 1 || port > PORT_MAX) {
    return refused(`port ${port} of ${address.value.text} is out of range: expected 1 to 65535`);
  }
  return ok({
    address: address.value,
    port,
    ticket: ownBytes(server.ticket),
    testId: ownBytes(server.testId),
    ipBytes: isSame(server.ipBytes, address.value.bytes)
      ? address.value.bytes
      : ownBytes(server.ipBytes),
    checkIntervalMs: positiveMs(server.checkInterval, {
      minMs: CHECK_INTERVAL_MS_MIN,
      maxMs: LEASE_MS_MAX,
    }),
  });
}

const NO_BYTES = new Uint8Array();

/** A copy: a lease lasts a day, and would hold the whole answer that it came in. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : Uint8Array.from(bytes);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
