// What certificate the dashboard's listener of this process presents at the moment, for whoever looks after it.

import { X509Certificate } from "node:crypto";
import { parseCertificate } from "@truechimer/pki";
import type { ListenerKeyPair } from "./listener-certificate.ts";

export interface Presented {
  /** As `listen.tls` has it: "own", "files" or "acme". */
  readonly source: string;
  /** DNS names and addresses. */
  readonly names: readonly string[];
  /** Common name of the authority that signed it, for people. */
  readonly issuer: string;
  /** Last second of its life. */
  readonly notAfterNs: bigint;
}

export interface PresentedCertificate {
  note(source: string, pair: ListenerKeyPair): void;
  /** Undefined: the listener has no TLS, or there is none. */
  current(): Presented | undefined;
}

export function createPresentedCertificate(): PresentedCertificate {
  let current: Presented | undefined;
  return {
    note: (source, { cert }) => {
      current = factsOf(source, String(cert));
    },
    current: () => current,
  };
}

/** Undefined: one that we cannot read, and that OpenSSL can. */
function factsOf(source: string, pem: string): Presented | undefined {
  const leaf = parseCertificate(new X509Certificate(pem).raw);
  if (!leaf.ok) return undefined;
  const { alternativeNames, issuerCommonName, notAfterNs } = leaf.value;
  return {
    source,
    names: [
      ...(alternativeNames?.dnsNames ?? []),
      ...(alternativeNames?.ipAddresses ?? []).map(({ text }) => text),
    ],
    issuer: issuerCommonName ?? "",
    notAfterNs,
  };
}
