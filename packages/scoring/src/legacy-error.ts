// Agents below submission version 5 send the text of an error; our own agent sends one to a control plane that knows no
// codes. Here, and nowhere else, a text is compared. The texts are those of the NTP Pool's agent, version 4.

import { kissCode, referenceIdHex, referenceIdText, type SampleReason } from "@truechimer/ntp";
import type { StatusReason } from "./status-reason.ts";

/** What a version 4 status says beside its offset. */
export interface LegacyStatus {
  readonly error: string;
  readonly stratum: number;
  readonly noResponse: boolean;
}

/** The code that a version 4 status stands for; undefined when the check succeeded. */
export function reasonFromLegacyError(status: LegacyStatus): StatusReason | undefined {
  const { error, stratum, noResponse } = status;
  if (error === "") return reasonOfEmptyError(stratum, noResponse);
  const exact = REASONS_BY_TEXT.get(error);
  if (exact !== undefined) return exact;
  if (!noResponse && stratum === 0) {
    if (error === UNTRUSTED_ZERO_OFFSET) return "stratum_zero";
    const kiss = REASONS_BY_KISS.get(error) ?? (KISS_FORM.test(error) ? "kiss_other" : undefined);
    if (kiss !== undefined) return kiss;
  }
  const part = REASONS_BY_PART.find(([text]) => error.includes(text));
  if (part !== undefined) return part[1];
  return error.startsWith(NETWORK_PREFIX) ? "network_error" : "other_error";
}

/** The numbers that some of the texts tell. */
export interface LegacyErrorDetail {
  readonly stratum: number;
  /** Of the answer; 0 when there is none. */
  readonly referenceId: number;
}

/** The text that a version 4 control plane expects. */
export function legacyErrorText(reason: SampleReason, detail: LegacyErrorDetail): string {
  const { stratum, referenceId } = detail;
  switch (reason) {
    case "kiss_rate":
      return "RATE";
    case "kiss_deny":
      return "DENY";
    case "kiss_rstr":
      return "RSTR";
    case "kiss_other":
      return kissCode({ stratum: 0, referenceId }) ?? "XXXX";
    case "bad_stratum":
      return badStratumText(stratum, referenceId);
    default:
      return TEXTS[reason];
  }
}

const NETWORK_PREFIX = "network: ";
const UNTRUSTED_ZERO_OFFSET = "untrusted zero offset";
/** Four printable characters. RFC 5905, section 7.4. */
const KISS_FORM = /^[\x21-\x7e]{4}$/;

const REASONS_BY_KISS: ReadonlyMap<string, SampleReason> = new Map([
  ["RATE", "kiss_rate"],
  ["DENY", "kiss_deny"],
  ["RSTR", "kiss_rstr"],
]);

const TEXTS: Readonly<
  Record<
    Exclude<SampleReason, "kiss_rate" | "kiss_deny" | "kiss_rstr" | "kiss_other" | "bad_stratum">,
    string
  >
> = {
  timeout: "network: i/o timeout",
  connection_refused: "network: read: connection refused",
  network_unreachable: "network: connect: network is unreachable",
  host_unreachable: "network: read: no route to host",
  permission_denied: "network: connect: permission denied",
  network_error: "network: error",
  address_refused: "private address",
  truncated: "unexpected EOF",
  bad_extension: "invalid extension fields in response",
  origin_mismatch: "server response didn't match request",
  bad_mode: "invalid mode in response",
  bad_version: "invalid version in response",
  zero_transmit: "invalid transmit time in response",
  receive_after_transmit: "server clock ticked backwards",
  negative_delay: "negative round trip delay",
  not_synchronised: "not synchronised (leap 3)",
  bad_root_distance: "root distance too large",
  clock_stepped: "local clock was stepped",
  local_socket_failed: "local socket failed",
};

const REASONS_BY_TEXT: ReadonlyMap<string, SampleReason> = new Map([
  ...Object.entries(TEXTS).map(([reason, text]) => [text, reason as SampleReason] as const),
  ["EOF", "truncated"],
  ["loopback address", "address_refused"],
  ["multicast address", "address_refused"],
  ["invalid IP", "address_refused"],
]);

/** Parts that the texts of operating systems and of the NTP Pool's agent share, whatever is around them. */
const REASONS_BY_PART: readonly (readonly [string, SampleReason])[] = [
  ["bad stratum ", "bad_stratum"],
  ["timeout", "timeout"],
  ["connection refused", "connection_refused"],
  ["network is unreachable", "network_unreachable"],
  ["no route to host", "host_unreachable"],
  ["host is down", "host_unreachable"],
  ["permission denied", "permission_denied"],
  ["operation not permitted", "permission_denied"],
];

function reasonOfEmptyError(stratum: number, noResponse: boolean): StatusReason | undefined {
  if (noResponse) return "timeout";
  return stratum === 0 ? "stratum_zero" : undefined;
}

const STRATUM_UNSYNCHRONISED = 16;

/** The reference id follows only where the NTP Pool's agent tells it. */
function badStratumText(stratum: number, referenceId: number): string {
  if (stratum !== 0 && stratum !== STRATUM_UNSYNCHRONISED) return `bad stratum ${stratum}`;
  const hex = `0x${referenceId.toString(16)}`;
  const text = referenceIdText({ stratum: 0, referenceId }, "v4");
  const readable = text === referenceIdHex(referenceId) ? "" : `, ${text}`;
  return `bad stratum ${stratum} (referenceID: ${hex}${readable})`;
}
