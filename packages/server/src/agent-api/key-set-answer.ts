// GET /.well-known/jwks.json: the public keys that agents' tokens are checked with (RFC 7517), for whoever runs a service
// beside ours that agents call.

import type { JSONWebKeySet } from "jose";
import type { ServerContext } from "../context.ts";

export async function keySetAnswer({ signingKeys }: ServerContext): Promise<JSONWebKeySet> {
  return signingKeys === undefined ? { keys: [] } : signingKeys.jwks();
}
