// Signed requests to one ACME authority: nonces, the account's key, and a nonce that was refused asked for anew.
// RFC 8555, section 6. The signatures are jose's.

import { AppError } from "@truechimer/base";
import { calculateJwkThumbprint, exportJWK, FlattenedSign, importPKCS8, type JWK } from "jose";
import { type AcmeAnswer, askAcme } from "./acme-http.ts";
import { parsedJson, problemOf, refusedBy } from "./acme-problem.ts";

/** Of the account's key: every authority takes it. RFC 8555, section 6.2. */
const ALGORITHM = "ES256";
/** An authority may refuse a nonce at any time; three in a row are its fault. RFC 8555, section 6.5. */
const NONCE_ATTEMPTS_MAX = 5;

export interface AcmeAuthority {
  readonly directoryUrl: string;
  /** PEM. Absent: the system's roots. */
  readonly authoritiesPem: string | undefined;
  /** PKCS #8 as PEM, P-256. Secret. */
  readonly accountKeyPem: string;
  readonly signal: AbortSignal;
}

export interface AcmeSession {
  /** Addresses by their names in the directory. Undefined: it does not have that one. */
  resource(name: string): string | undefined;
  /** Opens the account, or makes it. */
  openAccount(contact: readonly string[]): Promise<void>;
  /** A signed request; without a payload it only reads. Fails with certificate_refused or limit_exceeded. */
  post(url: string, whose: string, payload?: unknown): Promise<AcmeAnswer>;
  /** Without a signature; for what is public. */
  get(url: string): Promise<AcmeAnswer>;
  /** What a challenge is answered with. RFC 8555, section 8.1. */
  keyAuthorization(token: string): string;
}

export async function openSession(authority: AcmeAuthority): Promise<AcmeSession> {
  const { directoryUrl, authoritiesPem, signal } = authority;
  const ask = (method: "GET" | "HEAD" | "POST", url: string, body?: string): Promise<AcmeAnswer> =>
    askAcme({ url, method, authoritiesPem, signal, ...(body === undefined ? {} : { body }) });
  const directory = await readDirectory(directoryUrl, await ask("GET", directoryUrl));
  const key = await importPKCS8(authority.accountKeyPem, ALGORITHM, { extractable: true });
  const jwk = publicPart(await exportJWK(key));
  const thumbprint = await calculateJwkThumbprint(jwk);
  let nonce: string | undefined;
  let accountUrl: string | undefined;

  const freshNonce = async (): Promise<string> => {
    const answer = await ask("HEAD", needed(directory, "newNonce", directoryUrl));
    const given = answer.header("replay-nonce");
    if (given !== undefined) return given;
    throw new AppError("bad_answer", `${directoryUrl} gives no Replay-Nonce: expected one`);
  };

  const post: AcmeSession["post"] = async (url, whose, payload) => {
    for (let attempt = 1; ; attempt += 1) {
      const used = nonce ?? (await freshNonce());
      nonce = undefined;
      const identity = accountUrl === undefined ? { jwk } : { kid: accountUrl };
      const text = payload === undefined ? "" : JSON.stringify(payload);
      const signed = await new FlattenedSign(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: ALGORITHM, nonce: used, url, ...identity })
        .sign(key);
      const answer = await ask("POST", url, JSON.stringify(signed));
      nonce = answer.header("replay-nonce");
      if (answer.status >= 200 && answer.status < 300) return answer;
      const problem = problemOf(answer);
      if (problem.type !== "badNonce" || attempt === NONCE_ATTEMPTS_MAX) {
        throw refusedBy(whose, problem, answer);
      }
    }
  };

  return {
    resource: (name) => directory.get(name),
    openAccount: async (contact) => {
      accountUrl = undefined;
      const answer = await post(needed(directory, "newAccount", directoryUrl), "the account", {
        termsOfServiceAgreed: true,
        ...(contact.length === 0 ? {} : { contact }),
      });
      accountUrl = answer.header("location");
      if (accountUrl === undefined) {
        throw new AppError("bad_answer", `${directoryUrl} gives an account without an address`);
      }
    },
    post,
    get: (url) => ask("GET", url),
    keyAuthorization: (token) => `${token}.${thumbprint}`,
  };
}

/** Its addresses. RFC 8555, section 7.1.1. */
async function readDirectory(
  directoryUrl: string,
  answer: AcmeAnswer,
): Promise<ReadonlyMap<string, string>> {
  const value = parsedJson(answer.text);
  const entries = Object.entries(typeof value === "object" && value !== null ? value : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const directory = new Map(entries);
  if (answer.status === 200 && directory.has("newOrder")) return directory;
  throw new AppError(
    "bad_answer",
    `${directoryUrl} is no directory of an ACME authority (status ${answer.status}): check acme.directory_url`,
  );
}

function needed(directory: ReadonlyMap<string, string>, name: string, from: string): string {
  const url = directory.get(name);
  if (url !== undefined) return url;
  throw new AppError("bad_answer", `the ACME directory ${from} has no ${name}`);
}

function publicPart({ kty, crv, x, y }: JWK): JWK {
  return { kty: kty ?? "", crv: crv ?? "", x: x ?? "", y: y ?? "" };
}
