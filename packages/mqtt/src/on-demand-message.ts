// One question to one agent and its answer, as the NTP Pool's messages have them.

import { type IpAddress, ok, parseIpAddress, type Result, refused } from "@truechimer/base";
import { type ExactJson, exactJsonText, jsonMembers, parseExactJson } from "./exact-json.ts";
import { type NtpResponse, ntpResponseJson, parseNtpResponse } from "./ntp-response.ts";

/** The `type` of a request that this program answers. */
export const NTP_REQUEST = "ntp";

/** A request is forty bytes, an answer six hundred. */
const ON_DEMAND_BYTES_MAX = 16_384;
const ERROR_CHARACTERS_MAX = 300;

/** What one agent found. */
export interface NtpAnswer {
  /** Who answers: the first label of the agent's name. Empty from agents themselves. */
  readonly server: string;
  /** Absent: the server gave no answer. */
  readonly response: NtpResponse | undefined;
  /** Empty: all is well. A kiss code has both. */
  readonly error: string;
}

/** The payload of a request for one check. */
export function ntpRequestText(address: IpAddress): string {
  return exactJsonText({ IP: address.text });
}

/** The address that is asked about. Refused: in words, what is wrong. */
export function parseNtpRequest(payload: Uint8Array): Result<IpAddress, string> {
  const members = membersOf(payload);
  if (!members.ok) return members;
  const { IP: ip } = members.value;
  return typeof ip === "string" ? parseIpAddress(ip) : refused('"IP" is missing or no text');
}

/** Members that are empty are left out. */
function ntpAnswerJson({ server, response, error }: NtpAnswer): {
  readonly [key: string]: ExactJson;
} {
  return {
    ...(server === "" ? {} : { Server: server }),
    ...(response === undefined ? {} : { NTP: ntpResponseJson(response) }),
    ...(error === "" ? {} : { Error: error }),
  };
}

/** The payload of an answer. */
export function ntpAnswerText(answer: NtpAnswer): string {
  return exactJsonText(ntpAnswerJson(answer));
}

/** Refused: in words, what is wrong. */
export function parseNtpAnswer(payload: Uint8Array): Result<NtpAnswer, string> {
  const members = membersOf(payload);
  if (!members.ok) return members;
  const { Server: server, NTP: ntp, Error: error } = members.value;
  const fields = jsonMembers(ntp);
  if (ntp !== undefined && ntp !== null && fields === undefined)
    return refused('"NTP" is no object');
  const response = fields === undefined ? undefined : parseNtpResponse(fields);
  if (fields !== undefined && response === undefined) {
    return refused('"NTP" has a member that is not of its kind');
  }
  return ok({
    server: typeof server === "string" ? server.slice(0, ERROR_CHARACTERS_MAX) : "",
    response,
    error: typeof error === "string" ? printable(error) : "",
  });
}

function membersOf(payload: Uint8Array): Result<{ readonly [key: string]: ExactJson }, string> {
  if (payload.length > ON_DEMAND_BYTES_MAX) {
    return refused(`a message of ${payload.length} bytes: at most ${ON_DEMAND_BYTES_MAX}`);
  }
  const members = jsonMembers(parseExactJson(new TextDecoder().decode(payload)));
  return members === undefined ? refused("the message is no JSON object") : ok(members);
}

/** A log takes no line feed, a database no NUL. */
function printable(text: string): string {
  return text
    .slice(0, ERROR_CHARACTERS_MAX)
    .replace(/[\u0000-\u001f\u007f]/g, " ")
    .toWellFormed();
}
