// One submitted status, from the wire to what can be scored, or the reason why it is refused. Everything an agent can
// send is untrusted: lengths, ranges, times and codes are tested here, before anything is written.

import { type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { monitorV2 } from "@truechimer/api";
import {
  type ErrorCode,
  type IpAddress,
  ipAddressFromBytes,
  ok,
  type Result,
  refused,
  type UnixNs,
} from "@truechimer/base";
import { isStatusReason, reasonFromLegacyError } from "@truechimer/scoring";
import { evidenceProblem, selectedIndexOf } from "./check-evidence.ts";
import { judgeEvidence } from "./judge-evidence.ts";
import { LEASE_NS } from "./lease.ts";
import { FIRST_VERSION_WITH_PORTS } from "./submission-version.ts";

export interface ParsedStatus {
  /** Position in the submission. */
  readonly index: number;
  readonly address: IpAddress;
  readonly port: number;
  readonly ticket: Uint8Array;
  /** Of the exchange that the outcome was taken from, among those that are kept. -1: there is none. */
  readonly selectedIndex: number;
  readonly atNs: UnixNs;
  readonly noResponse: boolean;
  /** Absent: the check succeeded. */
  readonly reason: string | undefined;
  /** For people. Without control characters. */
  readonly error: string;
  readonly offsetNs: bigint | undefined;
  readonly boundNs: bigint | undefined;
  readonly rttNs: bigint | undefined;
  readonly stratum: number;
  readonly leap: number;
}

export interface StatusRefusal {
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface ParseStatusOptions {
  readonly index: number;
  /** Submission version, 2 to 5. */
  readonly version: number;
  /** False: an offset of exactly 0 with stratum 0 means that the agent had none. */
  readonly zeroOffsetSafe: boolean;
  readonly batchAtNs: UnixNs;
  readonly nowNs: UnixNs;
}

/** Agent and control plane may disagree on the time by this much; more makes histories lie. */
export const RESULT_TIME_SKEW_NS = 120_000_000_000n;

const NS_PER_SECOND = 1_000_000_000n;
const NS_MAX = 2n ** 63n - 1n;
/**
 * Offset, bound and round trip at most: 70 years. NTP can tell no offset beyond half an era, 68 years; and sums and
 * differences of a few of them stay within 63 bits.
 */
const SPAN_NS_MAX = 70n * 365n * 86_400n * NS_PER_SECOND;
const ERROR_CHARACTERS_MAX = 300;
const STRATUM_MAX = 255;
const LEAP_MAX = 3;
const PORT_MAX = 65_535;
const NTP_PORT = 123;

export function parseStatus(
  status: monitorV2.ServerStatus,
  options: ParseStatusOptions,
): Result<ParsedStatus, StatusRefusal> {
  const { index, version } = options;
  const refuse = (code: ErrorCode, message: string): Result<ParsedStatus, StatusRefusal> =>
    refused({ index, code, message });

  const target = parseTarget(status);
  if (!target.ok) return refuse("bad_address", target.error);

  const times = parseTimes(status, options);
  if (!times.ok) return refuse("bad_result_time", times.error);
  const numbers = parseNumbers(status);
  if (!numbers.ok) return refuse("bad_request", numbers.error);
  const selectedIndex = selectedIndexOf(status);
  const evidence =
    version >= FIRST_VERSION_WITH_PORTS ? evidenceProblem(status, selectedIndex) : undefined;
  if (evidence !== undefined) return refuse("bad_request", evidence);

  const outcome = outcomeOf(status, numbers.value.offsetNs, options);
  if (!outcome.ok) return refuse("bad_request", outcome.error);
  const told = { ...numbers.value, ...outcome.value, noResponse: status.noResponse };
  const judged =
    version >= FIRST_VERSION_WITH_PORTS
      ? judgeEvidence(status, selectedIndex, told)
      : ok(undefined);
  if (!judged.ok) return refuse("bad_request", judged.error);
  const beyond = numberProblem(judged.value ?? told);
  if (beyond !== undefined) return refuse("bad_request", beyond);
  return ok({
    index,
    ...target.value,
    ticket: status.ticket,
    selectedIndex,
    atNs: times.value,
    ...told,
    ...judged.value,
    error: printable(outcome.value.error),
  });
}

export function parseTarget({
  ipBytes,
  port = NTP_PORT,
}: monitorV2.ServerStatus): Result<Pick<ParsedStatus, "address" | "port">, string> {
  const address = ipAddressFromBytes(ipBytes);
  if (!address.ok) return address;
  if (port < 1 || port > PORT_MAX) return refused(`${port} is no UDP port`);
  return ok({ address: address.value, port });
}

/** Of what the evidence says or, without any, the agent. */
function numberProblem(
  numbers: Pick<Numbers, "offsetNs" | "boundNs" | "rttNs">,
): string | undefined {
  const { offsetNs = 0n, boundNs = 0n, rttNs = 0n } = numbers;
  if (offsetNs > SPAN_NS_MAX || offsetNs < -SPAN_NS_MAX) return "offset is more than 70 years";
  if (boundNs > SPAN_NS_MAX) return "error_bound is more than 70 years";
  return rttNs > SPAN_NS_MAX ? "rtt is more than 70 years" : undefined;
}

/** When the check or the traceroute ended. */
export function parseTimes(
  { ts }: monitorV2.ServerStatus,
  { batchAtNs, nowNs }: Pick<ParseStatusOptions, "batchAtNs" | "nowNs">,
): Result<UnixNs, string> {
  if (ts === undefined) return refused("the result has no time");
  const atNs = nsFromTimestamp(ts);
  if (atNs === undefined) return refused("the result's time is no valid time stamp");
  const remedy = "set the agent's clock (its host needs NTP itself)";
  if (atNs < batchAtNs - RESULT_TIME_SKEW_NS) {
    return refused(`the result is ${seconds(batchAtNs - atNs)} s older than its batch: ${remedy}`);
  }
  if (atNs > batchAtNs + LEASE_NS + RESULT_TIME_SKEW_NS) {
    return refused(
      `the result is ${seconds(atNs - batchAtNs)} s younger than its batch: a lease ends after 24 h`,
    );
  }
  if (atNs > nowNs + RESULT_TIME_SKEW_NS) {
    return refused(`the result is ${seconds(atNs - nowNs)} s in the future: ${remedy}`);
  }
  return ok(atNs);
}

interface Numbers {
  readonly offsetNs: bigint | undefined;
  readonly boundNs: bigint | undefined;
  readonly rttNs: bigint | undefined;
  readonly stratum: number;
  readonly leap: number;
}

function parseNumbers(status: monitorV2.ServerStatus): Result<Numbers, string> {
  const offsetNs = optionalDurationNs(status.offset);
  const rttNs = optionalDurationNs(status.rtt);
  const boundNs = optionalDurationNs(status.errorBound);
  if (offsetNs === "invalid") return refused("offset is no valid duration");
  if (rttNs === "invalid" || (rttNs ?? 0n) < 0n) return refused("rtt is no duration from 0 up");
  if (boundNs === "invalid" || (boundNs ?? 0n) < 0n) {
    return refused("error_bound is no duration from 0 up");
  }
  const { stratum, leap } = status;
  if (stratum < 0 || stratum > STRATUM_MAX) return refused(`stratum ${stratum} is not 0 to 255`);
  if (leap < 0 || leap > LEAP_MAX) return refused(`leap ${leap} is not 0 to 3`);
  return ok({ offsetNs, boundNs, rttNs, stratum, leap });
}

interface Outcome {
  readonly reason: string | undefined;
  readonly error: string;
  readonly offsetNs: bigint | undefined;
}

/** The coded reason: from version 5 the agent's own, below it from the text of the error. */
function outcomeOf(
  status: monitorV2.ServerStatus,
  offsetNs: bigint | undefined,
  { version, zeroOffsetSafe }: ParseStatusOptions,
): Result<Outcome, string> {
  const { error, noResponse, stratum, reason } = status;
  if (version >= FIRST_VERSION_WITH_PORTS) {
    if (reason === "") {
      if (noResponse) return refused("no_response is set without a reason");
      if (offsetNs === undefined) return refused("a successful check needs an offset");
      return ok({ reason: undefined, error: "", offsetNs });
    }
    if (!isStatusReason(reason))
      return refused(`"${printable(reason)}" is no reason that is known here`);
    return ok({ reason, error, offsetNs });
  }
  if (!zeroOffsetSafe && stratum === 0 && (offsetNs ?? 0n) === 0n && error === "" && !noResponse) {
    return ok({ reason: "stratum_zero", error: "untrusted zero offset", offsetNs: undefined });
  }
  return ok({ reason: reasonFromLegacyError({ error, stratum, noResponse }), error, offsetNs });
}

/** Absent: nanos outside of 0 to 999,999,999, or more than 2^63 ns. */
function nsFromTimestamp({ seconds: whole, nanos }: Timestamp): UnixNs | undefined {
  if (nanos < 0 || nanos >= 1_000_000_000) return undefined;
  const ns = whole * NS_PER_SECOND + BigInt(nanos);
  return ns < 0n || ns > NS_MAX ? undefined : ns;
}

function optionalDurationNs(duration: Duration | undefined): bigint | undefined | "invalid" {
  if (duration === undefined) return undefined;
  const { seconds: whole, nanos } = duration;
  const signsDiffer = (whole > 0n && nanos < 0) || (whole < 0n && nanos > 0);
  if (signsDiffer || Math.abs(nanos) >= 1_000_000_000) return "invalid";
  const ns = whole * NS_PER_SECOND + BigInt(nanos);
  return ns > NS_MAX || ns < -NS_MAX ? "invalid" : ns;
}

function seconds(ns: bigint): string {
  return (Number(ns) / 1e9).toFixed(0);
}

/** PostgreSQL takes no NUL, a log no line feed. */
function printable(text: string): string {
  return text
    .slice(0, ERROR_CHARACTERS_MAX)
    .replace(/[\u0000-\u001f\u007f]/g, " ")
    .toWellFormed();
}
