// What is wrong with a request of an agent, held against the NTP Pool's contract field by field. Each function gives
// sentences; none: nothing is wrong.

import type { IncomingHttpHeaders } from "node:http";
import { isUlid } from "@truechimer/base";

/** The version of the protocol, then anything: the NTP Pool's control plane compares the part before the next slash. */
const USER_AGENT = /^ntppool-agent\/v(\d+)\.(\d+)\.(\d+)(\/|$)/;
/** From here on its control plane believes an offset of 0, and sends on-demand checks. */
const VERSION_MIN = [4, 0, 4];

export interface HeardRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function userAgentProblems({ headers }: Pick<HeardRequest, "headers">): readonly string[] {
  const match = USER_AGENT.exec(headers["user-agent"] ?? "");
  if (match === null)
    return [`User-Agent "${headers["user-agent"] ?? ""}": expected ntppool-agent/v<version>/…`];
  const version = match.slice(1, 4).map(Number);
  const order = VERSION_MIN.map((wanted, index) => (version[index] ?? 0) - wanted).find(
    (n) => n !== 0,
  );
  return (order ?? 0) < 0
    ? [`User-Agent names version ${version.join(".")}: expected 4.0.4 or later`]
    : [];
}

export function bearerOf({ headers }: Pick<HeardRequest, "headers">): string | undefined {
  return /^Bearer (?<key>\S+)$/.exec(headers.authorization ?? "")?.groups?.["key"];
}

export function registrationProblems(request: HeardRequest): readonly string[] {
  const { headers, body } = request;
  const fields = [...new URLSearchParams(body)];
  const names = fields.map(([name]) => name);
  const bodyProblems =
    body === ""
      ? unless(headers["content-type"] === undefined, "Content-Type without a body")
      : [
          ...unless(
            headers["content-type"] === "application/x-www-form-urlencoded",
            `Content-Type ${headers["content-type"] ?? "missing"}: expected application/x-www-form-urlencoded`,
          ),
          ...unless(
            names.every((name) => name === "a" || name === "hostname"),
            `fields ${names.join(", ")}: expected a and hostname`,
          ),
          ...unless(new Set(names).size === names.length, "a field comes twice"),
          ...unless(names.join() === names.toSorted().join(), "fields are not sorted"),
          ...unless(
            fields.every(([, value]) => value !== ""),
            "a field is empty",
          ),
        ];
  return [
    ...unless(request.method === "POST", `method ${request.method}: expected POST`),
    ...unless(request.query === "", `query ${request.query}: expected none`),
    ...userAgentProblems(request),
    ...unless(isUlid(textOf(headers["registration-id"])), "Registration-ID is no ULID"),
    ...unless(
      headers.accept === "application/json, text/plain",
      `Accept ${headers.accept ?? "missing"}: expected application/json, text/plain`,
    ),
    ...unless(
      headers.authorization === undefined || bearerOf(request) !== undefined,
      "Authorization is no Bearer",
    ),
    ...bodyProblems,
  ];
}

export function configProblems(request: HeardRequest): readonly string[] {
  return [
    ...unless(request.method === "GET", `method ${request.method}: expected GET`),
    ...unless(
      request.query === "" || request.query === "?request_certificate=true",
      `query ${request.query}: expected none or ?request_certificate=true`,
    ),
    ...unless(request.body === "", "a body: expected none"),
    ...userAgentProblems(request),
    ...unless(bearerOf(request) !== undefined, "Authorization: expected Bearer <API key>"),
  ];
}

export function tokenProblems(request: HeardRequest): readonly string[] {
  return [
    ...unless(request.method === "POST", `method ${request.method}: expected POST`),
    ...unless(request.query === "", `query ${request.query}: expected none`),
    ...unless(
      request.headers["content-type"] === "application/json",
      "Content-Type: expected application/json",
    ),
    ...unless(
      request.body === '{"expires_in":3600}',
      `body ${request.body}: expected {"expires_in":3600}`,
    ),
    ...userAgentProblems(request),
    ...unless(bearerOf(request) !== undefined, "Authorization: expected Bearer <API key>"),
  ];
}

export function rpcProblems(request: HeardRequest): readonly string[] {
  const { headers } = request;
  return [
    ...unless(request.method === "POST", `method ${request.method}: expected POST`),
    ...unless(
      headers["content-type"] === "application/proto",
      `Content-Type ${headers["content-type"] ?? "missing"}: expected application/proto`,
    ),
    ...unless(headers["connect-protocol-version"] === "1", "Connect-Protocol-Version: expected 1"),
    ...unless(
      headers["content-encoding"] === undefined || headers["content-encoding"] === "identity",
      "a compressed request",
    ),
    ...userAgentProblems(request),
    ...unless(bearerOf(request) !== undefined, "Authorization: expected Bearer <JWT>"),
  ];
}

function unless(holds: boolean, problem: string): readonly string[] {
  return holds ? [] : [problem];
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === "string" ? header : "";
}
