// A path to a server, from the wire to what is stored. Untrusted: lengths and ranges are tested here.

import type { monitorV2 } from "@truechimer/api";
import { ipAddressFromBytes, ok, type Result, refused, type UnixNs } from "@truechimer/base";
import { exactJsonText } from "@truechimer/mqtt";
import { TRACEROUTE_REASONS } from "@truechimer/ntp";
import { isStatusReason } from "@truechimer/scoring";
import { RESULT_TIME_SKEW_NS } from "../monitor-api/parse-status.ts";
import type { AskedTarget } from "./stored-answer.ts";

export interface StoredTraceroute {
  readonly startedAtNs: UnixNs;
  readonly reached: boolean;
  /** Null: it was made. */
  readonly reason: string | null;
  /** JSON text; its form stands at the column. */
  readonly hops: string;
}

/** A hop limit is one byte, and no path of the Internet has a fourth of that. */
const HOPS_MAX = 64;
const PROBES_MAX = 10;
/** Nobody waits longer than this for a hop. */
const RTT_NS_MAX = 60_000_000_000n;
const BYTE_MAX = 255;

export function parseTraceroute(
  { hops, reached, reason, startedAt }: monitorV2.Traceroute,
  { askedAtNs, nowNs }: Pick<AskedTarget, "askedAtNs" | "nowNs">,
): Result<StoredTraceroute, string> {
  if (hops.length > HOPS_MAX) return refused(`${hops.length} hops: at most ${HOPS_MAX}`);
  if (reason !== "" && !isReason(reason)) return refused("the reason is none that is known");
  const startedAtNs =
    startedAt === undefined
      ? undefined
      : startedAt.seconds * 1_000_000_000n + BigInt(startedAt.nanos);
  if (
    startedAtNs === undefined ||
    startedAtNs < askedAtNs - RESULT_TIME_SKEW_NS ||
    startedAtNs > nowNs + RESULT_TIME_SKEW_NS
  ) {
    return refused("started_at is not within the time of the question: set the agent's clock");
  }
  const stored: HopJson[] = [];
  for (const hop of hops) {
    const parsed = parseHop(hop);
    if (!parsed.ok) return parsed;
    stored.push(parsed.value);
  }
  return ok({
    startedAtNs,
    reached,
    reason: reason === "" ? null : reason,
    hops: exactJsonText(stored.toSorted((one, other) => one.hop_limit - other.hop_limit)),
  });
}

const OWN_REASONS: ReadonlySet<string> = new Set(TRACEROUTE_REASONS);

function isReason(text: string): boolean {
  return isStatusReason(text) || OWN_REASONS.has(text);
}

interface HopJson {
  readonly [key: string]: number | readonly HopAnswerJson[];
  readonly hop_limit: number;
  readonly answers: readonly HopAnswerJson[];
}

interface HopAnswerJson {
  readonly [key: string]: string | bigint | number;
  readonly ip: string;
}

function parseHop({ hopLimit, answers }: monitorV2.Hop): Result<HopJson, string> {
  if (hopLimit < 1 || hopLimit > BYTE_MAX) return refused(`${hopLimit} is no hop limit`);
  if (answers.length > PROBES_MAX) {
    return refused(`${answers.length} probes of one hop: at most ${PROBES_MAX}`);
  }
  const stored: HopAnswerJson[] = [];
  for (const answer of answers) {
    const parsed = parseHopAnswer(answer);
    if (!parsed.ok) return parsed;
    stored.push(parsed.value);
  }
  return ok({ hop_limit: hopLimit, answers: stored });
}

function parseHopAnswer({
  ipBytes,
  rtt,
  icmpType,
  icmpCode,
}: monitorV2.HopAnswer): Result<HopAnswerJson, string> {
  if (ipBytes.length === 0) return ok({ ip: "" });
  const address = ipAddressFromBytes(ipBytes);
  if (!address.ok) return refused(address.error);
  const rttNs = rtt === undefined ? 0n : rtt.seconds * 1_000_000_000n + BigInt(rtt.nanos);
  if (rttNs < 0n || rttNs > RTT_NS_MAX) return refused("a hop's round trip is out of range");
  for (const byte of [icmpType ?? 0, icmpCode ?? 0]) {
    if (byte < 0 || byte > BYTE_MAX) return refused(`${byte} is no ICMP type or code`);
  }
  return ok({
    ip: address.value.text,
    rtt_ns: rttNs,
    ...(icmpType === undefined ? {} : { icmp_type: icmpType }),
    ...(icmpCode === undefined ? {} : { icmp_code: icmpCode }),
  });
}
