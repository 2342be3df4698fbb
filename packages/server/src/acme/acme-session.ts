// Signed requests to one ACME authority: nonces, the account's key, and a nonce that was refused asked for anew.
// RFC 8555, section 6. The signatures are jose's.

import { AppError } from "@truechimer/base";
import { calculateJwkThumbprint, exportJWK, FlattenedSign, importPKCS8, type JWK } from "jose";
import { type AcmeAnswer, askAcme } from "./acme-http.ts";
import { type AcmeProblem, parsedJson, problemOf, refusedBy } from "./acme-problem.ts";
import type { AcmeExternalAccount } from "./acme-settings.ts";

/** Of the account's key: every authority takes it. RFC 8555, section 6.2. */
const ALGORITHM = "ES256";
/** Of a binding to another account: every authority that wants one takes it. RFC 8555, section 7.3.4. */
const BINDING_ALGORITHM = "HS256";
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

export interface AcmeAccount {
  /** Where the authority may write to, as `mailto:` addresses. */
  readonly contact: readonly string[];
  /** Absent: the account is bound to no other one. */
  readonly external?: AcmeExternalAccount;
}

export interface AcmeSession {
  /** Addresses by their names in the directory. Undefined: it does not have that one. */
  resource(name: string): string | undefined;
  /** Opens the account, or makes it. Fails with certificate_refused or limit_exceeded. */
  openAccount(account: AcmeAccount): Promise<void>;
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

  const signedRequest = async (url: string, payload: unknown): Promise<Told> => {
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
      if (answer.status >= 200 && answer.status < 300) return { answer };
      const problem = problemOf(answer);
      if (problem.type !== "badNonce" || attempt === NONCE_ATTEMPTS_MAX) {
        return { answer, problem };
      }
    }
  };

  const post: AcmeSession["post"] = async (url, whose, payload) => {
    const { answer, problem } = await signedRequest(url, payload);
    if (problem === undefined) return answer;
    throw refusedBy({ whose, problem, answer });
  };

  /** An account of before stays as it is: an authority may take the same binding only once. */
  const existingAccount = async (url: string): Promise<AcmeAnswer | undefined> => {
    const { answer, problem } = await signedRequest(url, { onlyReturnExisting: true });
    return problem === undefined ? answer : undefined;
  };

  const newAccount = async (
    url: string,
    { contact, external }: AcmeAccount,
  ): Promise<AcmeAnswer> => {
    const { answer, problem } = await signedRequest(url, {
      termsOfServiceAgreed: true,
      ...(contact.length === 0 ? {} : { contact }),
      ...(external === undefined
        ? {}
        : { externalAccountBinding: await bindingTo(external, { url, jwk }) }),
    });
    if (problem === undefined) return answer;
    throw refusedBy({ whose: "the account", problem, answer, isBound: external !== undefined });
  };

  return {
    resource: (name) => directory.get(name),
    openAccount: async (account) => {
      accountUrl = undefined;
      const url = needed(directory, "newAccount", directoryUrl);
      const known = account.external === undefined ? undefined : await existingAccount(url);
      const answer = known ?? (await newAccount(url, account));
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

interface Told {
  readonly answer: AcmeAnswer;
  /** Undefined: it is a success. */
  readonly problem?: AcmeProblem;
}

/** Our account's public key, signed with the key of the other account. RFC 8555, section 7.3.4. */
async function bindingTo(
  { keyId, hmacKey }: AcmeExternalAccount,
  { url, jwk }: { readonly url: string; readonly jwk: JWK },
): Promise<object> {
  return await new FlattenedSign(new TextEncoder().encode(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: BINDING_ALGORITHM, kid: keyId, url })
    .sign(hmacKey);
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
