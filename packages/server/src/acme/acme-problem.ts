// What an ACME authority refuses a request with, for people. RFC 8555, section 6.7; RFC 7807.

import { AppError } from "@truechimer/base";
import type { AcmeAnswer } from "./acme-http.ts";

const NAMESPACE = "urn:ietf:params:acme:error:";
/** Enough for what is said of one name; a log is no place for a page of HTML. */
const DETAIL_CHARACTERS_MAX = 500;
/** The longest limit of Let's Encrypt's is a week. */
const RETRY_AFTER_MS_MAX = 7 * 86_400_000;

/** As it stands in an answer, in an authorization or in a challenge. */
export interface AcmeProblem {
  /** Without its namespace: "rateLimited", "badNonce", "dns". */
  readonly type: string;
  readonly detail: string;
}

/** Undefined: it is none. */
export function parseProblem(value: unknown): AcmeProblem | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, detail } = value as { readonly type?: unknown; readonly detail?: unknown };
  if (typeof type !== "string") return undefined;
  const said = typeof detail === "string" ? detail : "";
  return {
    type: (type.startsWith(NAMESPACE) ? type.slice(NAMESPACE.length) : type).slice(0, 100),
    detail: oneLine(said).slice(0, DETAIL_CHARACTERS_MAX),
  };
}

/** The problem in an answer that is no success. */
export function problemOf(answer: AcmeAnswer): AcmeProblem {
  const found = parseProblem(parsedJson(answer.text));
  return found ?? { type: `HTTP ${answer.status}`, detail: oneLine(answer.text).slice(0, 200) };
}

const REMEDIES: Readonly<Record<string, string>> = {
  rejectedIdentifier: "the authority certifies no such name: check acme.names",
  unsupportedIdentifier: "the authority certifies no such name: check acme.names",
  caa: "a CAA record of the name allows other authorities alone",
  dns: "see that the name has an address in the DNS that the authority sees",
  connection:
    "see that the authority reaches port 80 of the name, and that it leads to acme.http_port here",
  unauthorized:
    "see that port 80 of the name leads to acme.http_port here, and to no other web server",
  incorrectResponse:
    "see that port 80 of the name leads to acme.http_port here, and to no other web server",
  externalAccountRequired:
    "this authority takes only those who have an account with it already: set acme.eab_key_id and acme.eab_hmac_key_file to what it gave you",
  userActionRequired:
    "the authority's terms have changed, or it wants something of you: see its page",
  invalidContact: "check acme.email",
  unsupportedContact: "check acme.email",
  rateLimited: "nothing to do: it is tried again when the authority allows it",
};

/** Of an account that is to be bound to another one: what else may be wrong with it, an authority says in its own way. */
const BOUND_REMEDY =
  "see that acme.eab_key_id and the file of acme.eab_hmac_key_file are what the authority gave you, for this directory, and that it has not given them to another account";

export interface Refusal {
  /** What was asked for, such as "the order for clocks.example.net". */
  readonly whose: string;
  readonly problem: AcmeProblem;
  /** Absent: it stood in an order or in a proof. */
  readonly answer?: AcmeAnswer;
  /** Whether it is an account that is to be bound to another one. */
  readonly isBound?: boolean;
}

const OF_THE_BINDING: ReadonlySet<string> = new Set([
  "unauthorized",
  "malformed",
  "externalAccountRequired",
  "accountDoesNotExist",
]);

export function refusedBy({ whose, problem, answer, isBound = false }: Refusal): AppError {
  const remedy =
    isBound && OF_THE_BINDING.has(problem.type) ? BOUND_REMEDY : REMEDIES[problem.type];
  const message = `the ACME authority refuses ${whose}: ${problem.detail === "" ? problem.type : `${problem.detail} (${problem.type})`}${remedy === undefined ? "" : `; ${remedy}`}`;
  const retryAfterMs = retryAfter(answer?.header("retry-after"));
  const isLimited = problem.type === "rateLimited" || answer?.status === 429;
  return new AppError(
    isLimited ? "limit_exceeded" : "certificate_refused",
    message,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** Seconds alone: a date would need two clocks that agree, and those who send dates send them far off. RFC 9110, section 10.2.3. */
export function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1_000, RETRY_AFTER_MS_MAX);
}

/** JSON that came from elsewhere. Undefined: it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}
