// Tokens of agents: JSON Web Tokens (RFC 7519) that an agent gets for its key, for calls without a certificate. Signed
// with ES384 by a key that all replicas share; a token says who calls and no more, so an agent that was removed is out
// at once, however long its token would hold.

import { type Clock, ok, type Result, refused } from "@truechimer/base";
import { createLocalJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { SigningKeys } from "../ca/signing-keys.ts";

const TOKEN_AUDIENCE = "monitor-api";
const TOKEN_SCOPE = "monitor:read monitor:data";
/** As the NTP Pool's API: a longer one is refused unread. */
export const AGENT_TOKEN_CHARACTERS_MAX = 3_072;
const SUBJECT_CHARACTERS_MAX = 253;
/** Verified tokens that are remembered until they end: checking a P-384 signature costs about a millisecond. */
const VERIFIED_MAX = 10_000;
/** The key set is read again when a token names a key that it lacks, and no more often than this. */
const KEYS_AGE_NS_MIN = 10_000_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

export interface AgentTokens {
  issue(tlsName: string, lifeSeconds: number): Promise<string>;
  /** The TLS name within a token that was verified lately. Absent: look at it. */
  remembered(token: string): string | undefined;
  /** The TLS name within. The error says what is wrong, without the token. */
  verified(token: string): Promise<Result<string, string>>;
}

export interface AgentTokensOptions {
  readonly clock: Clock;
  /** Absent: no token is ours. */
  readonly signingKeys: SigningKeys | undefined;
  /** The API's public address: `iss`. */
  readonly issuer: () => string;
}

interface VerifiedToken {
  readonly tlsName: string;
  readonly endsAtNs: bigint;
}

export function createAgentTokens({ clock, signingKeys, issuer }: AgentTokensOptions): AgentTokens {
  const verified = new Map<string, VerifiedToken>();
  const keys = signingKeys === undefined ? undefined : createKeySet(signingKeys, clock);

  const verify = async (token: string): Promise<Result<VerifiedToken, string>> => {
    if (keys === undefined) return refused(NOT_OURS);
    const seconds = Number(clock.nowNs() / NS_PER_SECOND);
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ["ES384"],
        issuer: issuer(),
        audience: TOKEN_AUDIENCE,
        requiredClaims: ["exp", "sub", "scope"],
        currentDate: new Date(seconds * 1_000),
      });
      const { sub = "", exp = 0 } = payload;
      const scopes = typeof payload["scope"] === "string" ? payload["scope"].split(" ") : [];
      if (!scopes.includes("monitor:data") || sub === "" || sub.length > SUBJECT_CHARACTERS_MAX)
        return refused("the token is not an agent's: its scope must hold monitor:data");
      return ok({ tlsName: sub, endsAtNs: BigInt(Math.floor(exp)) * NS_PER_SECOND });
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        return refused("the token has ended: fetch another at /api/oidc/token");
      if (error instanceof errors.JOSEError || error instanceof TypeError) return refused(NOT_OURS);
      throw error;
    }
  };

  return {
    issue: async (tlsName, lifeSeconds) => {
      const nowSeconds = Number(clock.nowNs() / NS_PER_SECOND);
      if (signingKeys === undefined) throw new TypeError("there are no signing keys");
      return signingKeys.signToken({
        iss: issuer(),
        aud: TOKEN_AUDIENCE,
        sub: tlsName,
        scope: TOKEN_SCOPE,
        iat: nowSeconds,
        nbf: nowSeconds - BACKDATED_SECONDS,
        exp: nowSeconds + lifeSeconds,
      });
    },
    remembered: (token) => {
      const known = verified.get(token);
      return known !== undefined && known.endsAtNs > clock.nowNs() ? known.tlsName : undefined;
    },
    verified: async (token) => {
      if (token.length > AGENT_TOKEN_CHARACTERS_MAX) return refused(NOT_OURS);
      const result = await verify(token);
      if (!result.ok) return result;
      verified.delete(token);
      const [oldest] = verified.keys();
      if (verified.size >= VERIFIED_MAX && oldest !== undefined) verified.delete(oldest);
      verified.set(token, result.value);
      return ok(result.value.tlsName);
    },
  };
}

const NOT_OURS = "the token is not one of ours: fetch one at /api/oidc/token";
/** A replica's clock may be a little behind the one that made the token. */
const BACKDATED_SECONDS = 30;

/** The public keys of the cluster; another replica may have added one. */
function createKeySet(signingKeys: SigningKeys, clock: Clock): JWTVerifyGetKey {
  let known: { readonly lookup: JWTVerifyGetKey; readonly readAtNs: bigint } | undefined;
  const read = async (): Promise<JWTVerifyGetKey> => {
    const lookup = createLocalJWKSet(await signingKeys.jwks());
    known = { lookup, readAtNs: clock.monotonicNs() };
    return lookup;
  };
  return async (header, token) => {
    const lookup = known?.lookup ?? (await read());
    try {
      return await lookup(header, token);
    } catch (error) {
      const old = known === undefined || clock.monotonicNs() - known.readAtNs > KEYS_AGE_NS_MIN;
      if (!(error instanceof errors.JWKSNoMatchingKey) || !old) throw error;
      return (await read())(header, token);
    }
  };
}
