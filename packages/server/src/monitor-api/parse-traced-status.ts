// A submitted traceroute. It is no check and is not scored; like all that an agent sends it is untrusted.

import type { monitorV2 } from "@truechimer/api";
import { type ErrorCode, type IpAddress, ok, type Result, refused } from "@truechimer/base";
import { parseTraceroute, type StoredTraceroute } from "../on-demand/stored-traceroute.ts";
import {
  type ParseStatusOptions,
  parseTarget,
  parseTimes,
  type StatusRefusal,
} from "./parse-status.ts";
import { FIRST_VERSION_WITH_PORTS } from "./submission-version.ts";

export interface ParsedTraceroute {
  /** Position in the submission. */
  readonly index: number;
  readonly address: IpAddress;
  readonly port: number;
  readonly ticket: Uint8Array;
  readonly traceroute: StoredTraceroute;
}

export function parseTracedStatus(
  status: monitorV2.ServerStatus,
  traceroute: monitorV2.Traceroute,
  options: Omit<ParseStatusOptions, "zeroOffsetSafe">,
): Result<ParsedTraceroute, StatusRefusal> {
  const { index, version, batchAtNs, nowNs } = options;
  const refuse = (code: ErrorCode, message: string): Result<ParsedTraceroute, StatusRefusal> =>
    refused({ index, code, message });

  if (version < FIRST_VERSION_WITH_PORTS) {
    return refuse("bad_request", `a traceroute needs version ${FIRST_VERSION_WITH_PORTS}`);
  }
  const target = parseTarget(status);
  if (!target.ok) return refuse("bad_address", target.error);
  const endedAt = parseTimes(status, options);
  if (!endedAt.ok) return refuse("bad_result_time", endedAt.error);
  if (holdsCheck(status)) {
    return refuse("bad_request", "a status is a traceroute or a check: expected one of them");
  }
  const parsed = parseTraceroute(traceroute, { askedAtNs: batchAtNs, nowNs });
  if (!parsed.ok) return refuse("bad_request", `the traceroute is not taken: ${parsed.error}`);
  return ok({ index, ...target.value, ticket: status.ticket, traceroute: parsed.value });
}

/** Of which only half would count. */
function holdsCheck(status: monitorV2.ServerStatus): boolean {
  const { offset, rtt, errorBound, responses, selectedResponse, reason, error, noResponse } =
    status;
  return (
    [offset, rtt, errorBound, selectedResponse].some((each) => each !== undefined) ||
    responses.length > 0 ||
    reason !== "" ||
    error !== "" ||
    noResponse
  );
}
