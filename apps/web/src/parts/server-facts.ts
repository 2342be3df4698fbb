// One server of the wire as the pages use it: words, numbers and times ready.

import type { adminV1 } from "@truechimer/api";
import { msOf, nsOf, type OffsetNs, offsetOf } from "../api/message.ts";
import { type VerdictName, verdictName } from "./words.ts";

export interface ServerFacts {
  readonly id: bigint;
  readonly key: string;
  readonly name: string;
  readonly address: string;
  /** Address, with its port where that is not 123. */
  readonly endpoint: string;
  readonly state: "watched" | "paused" | "removed";
  readonly verdict: VerdictName;
  readonly verdictText: string;
  /** The rule set that it was reached by. Empty: not known. */
  readonly verdictRuleSet: string;
  readonly verdictReason: string;
  readonly verdictSinceMs: number | undefined;
  readonly offset: OffsetNs | undefined;
  readonly score: number | undefined;
  readonly scoreAtMs: number | undefined;
  readonly stratum: number | undefined;
  readonly reference: string;
  readonly loss: number | undefined;
  readonly lastSeenAtMs: number | undefined;
  readonly lastCheckAtMs: number | undefined;
  readonly witnessesFresh: number;
  readonly witnessesAgainst: number;
  readonly sparkline: readonly number[];
  readonly addedAtMs: number | undefined;
  readonly intervalMs: number;
  readonly stale: boolean;
  /** Monitors that saw a leap second announced lately: one more, one less. */
  readonly leapInserts: number;
  readonly leapDeletes: number;
  /** Its monitors make traceroutes to it by themselves. */
  readonly traced: boolean;
}

const INTERVAL_DEFAULT_MS = 60_000;
const NTP_PORT = 123;
const STATE_REMOVED = 3;
const STATE_PAUSED = 2;

/** Reads a server of the wire. */
export function serverFacts(server: adminV1.Server): ServerFacts {
  const state: number = server.state;
  return {
    id: server.id,
    key: server.id.toString(),
    name: server.name === "" ? server.address : server.name,
    address: server.address,
    endpoint: endpointText(server.address, server.port),
    state: state === STATE_REMOVED ? "removed" : state === STATE_PAUSED ? "paused" : "watched",
    verdict: verdictName(server.verdict),
    verdictText: server.verdictText,
    verdictRuleSet: server.verdictRuleSet,
    verdictReason: server.verdictReason,
    verdictSinceMs: msOf(server.verdictSince),
    offset: offsetOf(server.offset),
    score: server.score,
    scoreAtMs: msOf(server.scoreAt),
    stratum: server.stratum,
    reference: server.referenceId,
    loss: server.loss,
    lastSeenAtMs: msOf(server.lastSeenAt),
    lastCheckAtMs: msOf(server.lastCheckAt),
    witnessesFresh: server.witnessesFresh,
    witnessesAgainst: server.witnessesAgainst,
    sparkline: server.scoreSparkline,
    addedAtMs: msOf(server.addedAt),
    intervalMs: Number(nsOf(server.checkInterval) ?? BigInt(INTERVAL_DEFAULT_MS * 1e6)) / 1e6,
    stale: server.stale,
    leapInserts: server.leapInserts,
    leapDeletes: server.leapDeletes,
    traced: server.traced,
  };
}

/** "192.0.2.1", "192.0.2.1:1123", "[2001:db8::1]:1123". */
function endpointText(address: string, port: number): string {
  if (port === NTP_PORT || port === 0) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** 1: just checked; 0: older than three intervals, that is stale. */
export function freshness(
  checkedAtMs: number | undefined,
  nowMs: number,
  intervalMs: number,
): number {
  if (checkedAtMs === undefined) return 0;
  const age = (nowMs - checkedAtMs) / intervalMs;
  // Within one interval and a half everything is as it should be.
  return Math.min(1, Math.max(0, (3 - age) / 1.5));
}
