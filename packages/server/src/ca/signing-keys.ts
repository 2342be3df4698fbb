// The keys that sign the agents' tokens: made once, sealed in the database, the same in all replicas.

import type { JSONWebKeySet, JWTPayload } from "jose";

export interface SigningKeys {
  /** A token of ours (ES384, with the key's `kid`). The claims are the caller's, all of them. */
  signToken(claims: JWTPayload): Promise<string>;
  /** The public keys, for `/.well-known/jwks.json` and for checking tokens (jose's `createLocalJWKSet`). */
  jwks(): Promise<JSONWebKeySet>;
  /** The secret of MQTT tokens (HS384), which the broker has, too. */
  mqttSecret(): Promise<Uint8Array>;
}
