// Tokens as the NTP Pool's control plane issues and checks them: ES384, with issuer, audience, scope and the TLS name.

import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export interface TokenClaims {
  readonly iss: string;
  readonly aud: readonly string[];
  readonly sub: string;
  readonly scope: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

const KEY_ID = "pool-api-1";
const SIGNATURE = { dsaEncoding: "ieee-p1363" } as const;

export function signToken(claims: TokenClaims, privateKey: KeyObject): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "ES384", typ: "JWT", kid: KEY_ID })}.${part(claims)}`;
  const signature = sign("sha384", Buffer.from(signed), { key: privateKey, ...SIGNATURE });
  return `${signed}.${signature.toString("base64url")}`;
}

/** The claims, or undefined when the signature is not ours. */
export function verifiedToken(token: string, privateKey: KeyObject): TokenClaims | undefined {
  const [header = "", claims = "", signature = ""] = token.split(".");
  const key = { key: createPublicKey(privateKey), ...SIGNATURE };
  const signed = Buffer.from(`${header}.${claims}`);
  if (!verify("sha384", signed, key, Buffer.from(signature, "base64url"))) return;
  return JSON.parse(Buffer.from(claims, "base64url").toString()) as TokenClaims;
}

export function publicKeySet(privateKey: KeyObject): object {
  const key = createPublicKey(privateKey).export({ format: "jwk" });
  return { keys: [{ ...key, kid: KEY_ID, alg: "ES384", use: "sig" }] };
}
