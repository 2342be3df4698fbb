// One order, from the names to the chain: authorizations, HTTP-01, the request, the certificate. RFC 8555, section 7.4.

import { AppError, type Clock, sleep } from "@truechimer/base";
import type { AcmeAnswer } from "./acme-http.ts";
import { parsedJson, parseProblem, refusedBy, retryAfter } from "./acme-problem.ts";
import type { AcmeSession } from "./acme-session.ts";

/** Authorities that validate at once take a second or two; those that try again take a minute. */
const POLL_MS = 1_000;
const POLL_MS_MAX = 10_000;
const POLLS_MAX = 60;
/** A token is a name in an address of ours. RFC 8555, section 8.3: characters of base64url. */
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;

export interface Order {
  readonly session: AcmeSession;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly names: readonly string[];
  /** DER of the certificate request. */
  readonly request: Uint8Array;
  /** Identifier of the certificate that this one takes the place of. RFC 9773, section 5. */
  readonly replaces: string | undefined;
  /** Shows the answer at /.well-known/acme-challenge/TOKEN, wherever the authority may ask, before it asks. */
  readonly showChallenge: (token: string, keyAuthorization: string) => Promise<void>;
}

/** PEM: the certificate, then those of the authorities above it. Fails with certificate_refused, limit_exceeded, bad_answer … */
export async function orderCertificate(order: Order): Promise<string> {
  const { session, names } = order;
  const whose = `the order for ${names.join(", ")}`;
  const made = await newOrder(order, whose);
  const url = made.header("location");
  const first = fieldsOf(made);
  if (url === undefined) throw bad(`${whose} has no address`);
  for (const each of texts(first["authorizations"])) await authorize(order, each);
  const finalize = first["finalize"];
  if (typeof finalize !== "string") throw bad(`${whose} has no address to finish it`);
  await until(order, url, whose, ["ready", "valid"]);
  await session.post(finalize, whose, {
    csr: Buffer.from(order.request).toString("base64url"),
  });
  const done = await until(order, url, whose, ["valid"]);
  const certificate = done["certificate"];
  if (typeof certificate !== "string") throw bad(`${whose} has no certificate`);
  return (await session.post(certificate, `the certificate of ${names.join(", ")}`)).text;
}

async function newOrder({ session, names, replaces }: Order, whose: string): Promise<AcmeAnswer> {
  const url = session.resource("newOrder") ?? "";
  const identifiers = names.map((value) => ({ type: "dns", value }));
  const knowsReplaces = replaces !== undefined && session.resource("renewalInfo") !== undefined;
  if (!knowsReplaces) return session.post(url, whose, { identifiers });
  try {
    return await session.post(url, whose, { identifiers, replaces });
  } catch (error) {
    // One that was replaced already, or of another account, is ordered like a first one. RFC 9773, section 5.
    if (!(error instanceof AppError) || error.code !== "certificate_refused") throw error;
    return session.post(url, whose, { identifiers });
  }
}

/** Proves one name, unless it has been proved lately. */
async function authorize(order: Order, url: string): Promise<void> {
  const { session, showChallenge } = order;
  const authorization = fieldsOf(await session.post(url, "an authorization"));
  const name = nameOf(authorization);
  if (authorization["status"] === "valid") return;
  const challenge = challengesOf(authorization).find(({ type }) => type === "http-01");
  if (challenge === undefined) {
    throw new AppError(
      "certificate_refused",
      `the ACME authority does not offer to ask ${name} by HTTP-01, the only way that Truechimer answers`,
    );
  }
  const { token, url: challengeUrl } = challenge;
  if (!TOKEN.test(token)) throw bad(`the challenge for ${name} has a token that is none`);
  await showChallenge(token, session.keyAuthorization(token));
  await session.post(challengeUrl, `the challenge for ${name}`, {});
  await until(order, url, `the proof of ${name}`, ["valid"]);
}

/** Asks again until it has one of these states. */
async function until(
  { session, clock, signal }: Order,
  url: string,
  whose: string,
  states: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  for (let poll = 0; poll < POLLS_MAX; poll += 1) {
    const answer = await session.post(url, whose);
    const found = fieldsOf(answer);
    const status = String(found["status"]);
    if (states.includes(status)) return found;
    if (status !== "pending" && status !== "processing" && status !== "ready") {
      throw refusedBy({ whose, problem: failureOf(found) ?? { type: status, detail: "" } });
    }
    const wanted = retryAfter(answer.header("retry-after")) ?? POLL_MS;
    await sleep(clock, Math.min(Math.max(wanted, POLL_MS), POLL_MS_MAX), signal);
  }
  throw new AppError("timed_out", `${whose} was not settled by the ACME authority in time`);
}

/** The problem of the order, or of the challenge that failed. */
function failureOf(found: Readonly<Record<string, unknown>>): ReturnType<typeof parseProblem> {
  const ofChallenges = Array.isArray(found["challenges"])
    ? (found["challenges"] as readonly unknown[]).map((each) => recordOf(each)["error"])
    : [];
  return [found["error"], ...ofChallenges].map(parseProblem).find((each) => each !== undefined);
}

interface Challenge {
  readonly type: string;
  readonly token: string;
  readonly url: string;
}

function challengesOf(authorization: Readonly<Record<string, unknown>>): readonly Challenge[] {
  const all = authorization["challenges"];
  return (Array.isArray(all) ? (all as readonly unknown[]) : [])
    .map(recordOf)
    .map(({ type, token, url }) => ({
      type: String(type),
      token: String(token),
      url: String(url),
    }));
}

function nameOf(authorization: Readonly<Record<string, unknown>>): string {
  return String(recordOf(authorization["identifier"])["value"]).slice(0, 253);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function fieldsOf({ text }: AcmeAnswer): Readonly<Record<string, unknown>> {
  return recordOf(parsedJson(text));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function bad(message: string): AppError {
  return new AppError("bad_answer", `the ACME authority: ${message}`);
}
