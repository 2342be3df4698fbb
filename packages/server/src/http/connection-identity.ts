// Which agent a TLS connection belongs to: its certificate is verified once, and asked about again every few seconds
// while the connection is used, because it may be revoked or end meanwhile.

import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { type Clock, ok, type Result, refused, type UnixNs } from "@truechimer/base";
import { parseCertificate } from "@truechimer/pki";
import type { CertificateAuthority } from "../ca/certificate-authority.ts";
import type { ClientIdentity } from "./client-identity.ts";

/** How long a revocation by another replica may go unnoticed on a connection that is in use. */
const REVOCATION_SEEN_NS = 5_000_000_000n;
/** A connection is given up in the last sixth of its certificate's life, when the agent has had time for a new one. */
const LAST_SHARE = 6n;

export interface ConnectionIdentity {
  readonly identity: ClientIdentity;
  /** From here on each answer asks the agent to connect anew, with its next certificate. */
  readonly closeAfterNs: UnixNs;
}

export interface ConnectionIdentities {
  /** Absent: it came without a certificate. The error says what is wrong with the one that it came with. */
  of(socket: TLSSocket): Promise<Result<ConnectionIdentity | undefined, string>>;
  /** What was found out lately and holds. Absent: find out. */
  known(socket: TLSSocket): ConnectionIdentity | undefined;
}

export function createConnectionIdentities(options: {
  readonly ca: CertificateAuthority;
  readonly clock: Clock;
}): ConnectionIdentities {
  const { ca, clock } = options;
  const known = new WeakMap<TLSSocket, KnownConnection>();

  const verified = async (socket: TLSSocket): Promise<KnownConnection> => {
    const leaf = socket.getPeerX509Certificate();
    const asked = clock.monotonicNs();
    if (leaf === undefined) return { result: ok(undefined), askedAtNs: asked };
    return { result: await verify(ca, clock, leaf), askedAtNs: asked };
  };

  const isFresh = ({ askedAtNs }: KnownConnection): boolean =>
    clock.monotonicNs() - askedAtNs < REVOCATION_SEEN_NS;

  const of: ConnectionIdentities["of"] = async (socket) => {
    const before = known.get(socket) ?? (await verified(socket));
    known.set(socket, before);
    if (!before.result.ok || before.result.value === undefined) return before.result;
    const { identity } = before.result.value;
    if (clock.nowNs() > identity.notAfterNs) {
      return refused(`the certificate ${identity.serial} has expired: renew it and connect anew`);
    }
    if (isFresh(before)) return before.result;
    const stands = await ca.stands(identity.serial);
    const result = stands
      ? before.result
      : refused(`the certificate ${identity.serial} was revoked`);
    known.set(socket, { result, askedAtNs: clock.monotonicNs() });
    return result;
  };

  return {
    of,
    known: (socket) => {
      const before = known.get(socket);
      if (before === undefined || !before.result.ok || !isFresh(before)) return undefined;
      const { value } = before.result;
      return value === undefined || clock.nowNs() > value.identity.notAfterNs ? undefined : value;
    },
  };
}

interface KnownConnection {
  readonly result: Result<ConnectionIdentity | undefined, string>;
  /** When the ledger was asked last, on the monotonic clock. */
  readonly askedAtNs: bigint;
}

async function verify(
  ca: CertificateAuthority,
  clock: Clock,
  { raw }: X509Certificate,
): Promise<Result<ConnectionIdentity, string>> {
  const certificate = parseCertificate(raw);
  if (!certificate.ok) return certificate;
  const identity = await ca.verifyAgentCertificate([raw], clock.nowNs());
  if (!identity.ok) return identity;
  const { notBeforeNs, notAfterNs } = certificate.value;
  return ok({
    identity: identity.value,
    closeAfterNs: notAfterNs - (notAfterNs - notBeforeNs) / LAST_SHARE,
  });
}
