// Whose certificate a request came with. Only the agents' listener sees certificates, and it notes here what it has
// verified; on the other listener nobody has one.

import type { UnixNs } from "@truechimer/base";
import type { FastifyRequest } from "fastify";

/** An agent whose certificate was verified: by our authority, in its time, with an agent's name, not revoked. */
export interface ClientIdentity {
  /** The agent's name, in lower case: `zurich-1gw2pjj.prod.mon.truechimer.internal`. */
  readonly tlsName: string;
  /** Of the certificate, as canonical hexadecimal digits. */
  readonly serial: string;
  /** After this the agent is nobody; whatever is held open for it ends then. */
  readonly notAfterNs: UnixNs;
}

const identities = new WeakMap<FastifyRequest, ClientIdentity>();

/** Absent: the request came without a certificate. One that does not hold never gets as far as a handler. */
export function clientIdentityOf(request: FastifyRequest): ClientIdentity | undefined {
  return identities.get(request);
}

/** For whoever verified the certificate of the request's connection. */
export function noteClientIdentity(request: FastifyRequest, identity: ClientIdentity): void {
  identities.set(request, identity);
}
