// What a monitor found, as it is stored, whichever form it came in. Everything that an agent sends is untrusted.

import type { monitorV2 } from "@truechimer/api";
import { type IpAddress, ok, type Result, refused, type UnixNs } from "@truechimer/base";
import { exactJsonText, type NtpAnswer, ntpResponseJson, ntpResponseOf } from "@truechimer/mqtt";
import { reasonFromLegacyError } from "@truechimer/scoring";
import { judgePackets } from "../monitor-api/check-evidence.ts";
import { parseStatus } from "../monitor-api/parse-status.ts";
import { FIRST_VERSION_WITH_PORTS } from "../monitor-api/submission-version.ts";

export interface StoredAnswer {
  /** Null: it succeeded. */
  readonly reason: string | null;
  /** For people. */
  readonly error: string;
  readonly offsetNs: bigint | null;
  readonly boundNs: bigint | null;
  readonly rttNs: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  /** As the NTP Pool's JSON has it; text, so that its integers stay exact. */
  readonly ntpResponse: string | null;
}

/** What was asked about. */
export interface AskedTarget {
  readonly address: IpAddress;
  readonly port: number;
  readonly askedAtNs: UnixNs;
  readonly nowNs: UnixNs;
}

/** A status of our own agents: the request is its own proof, so no ticket is looked for. */
export function answerOfStatus(
  status: monitorV2.ServerStatus,
  { address, port, askedAtNs, nowNs }: AskedTarget,
): Result<StoredAnswer, string> {
  const parsed = parseStatus(status, {
    index: 0,
    version: FIRST_VERSION_WITH_PORTS,
    zeroOffsetSafe: true,
    batchAtNs: askedAtNs,
    nowNs,
  });
  if (!parsed.ok) return refused(parsed.error.message);
  const { value } = parsed;
  if (value.address.text !== address.text || value.port !== port) {
    return refused(
      `the answer is about ${value.address.text} port ${value.port}, the question about ${address.text} port ${port}`,
    );
  }
  const { selectedResponse } = status;
  const [sample] = selectedResponse === undefined ? [] : judgePackets([selectedResponse]);
  const response = sample === undefined ? undefined : ntpResponseOf(sample);
  const answered = response !== undefined;
  return ok({
    reason: value.reason ?? null,
    error: value.error,
    offsetNs: value.offsetNs ?? null,
    boundNs: value.boundNs ?? null,
    rttNs: value.rttNs ?? null,
    stratum: answered ? value.stratum : null,
    leap: answered ? value.leap : null,
    ntpResponse: answered ? exactJsonText(ntpResponseJson(response)) : null,
  });
}

/** The NTP Pool's agents send no codes: their texts are turned into ours. */
export function answerOfNtpAnswer({ response, error }: NtpAnswer): StoredAnswer {
  const stratum = response?.stratum ?? 0;
  const reason =
    response === undefined && error === ""
      ? "other_error"
      : reasonFromLegacyError({ error, stratum, noResponse: response === undefined });
  return {
    reason: reason ?? null,
    error,
    offsetNs: response?.clockOffsetNs ?? null,
    boundNs: null,
    rttNs: response?.rttNs ?? null,
    stratum: response?.stratum ?? null,
    leap: response?.leap ?? null,
    ntpResponse: response === undefined ? null : exactJsonText(ntpResponseJson(response)),
  };
}
