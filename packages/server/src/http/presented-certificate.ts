// What certificate the dashboard's listener of this process presents at the moment, for whoever looks after it.

import { X509Certificate } from "node:crypto";
import { AppError } from "@truechimer/base";
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
  /** What the last attempt to replace it failed with here, a code and words. Empty: it did not fail. */
  readonly error: string;
}

export interface PresentedCertificate {
  note(source: string, pair: ListenerKeyPair): void;
  /** What the last attempt to replace it failed with. Undefined: it did not fail. */
  noteFailure(failure: unknown): void;
  /** Undefined: the listener has no TLS, or there is none. */
  current(): Presented | undefined;
}

export function createPresentedCertificate(): PresentedCertificate {
  let current: Presented | undefined;
  return {
    note: (source, { cert }) => {
      current = factsOf(source, String(cert));
    },
    noteFailure: (failure) => {
      if (current !== undefined) current = { ...current, error: errorText(failure) };
    },
    current: () => current,
  };
}

function errorText(failure: unknown): string {
  if (failure === undefined) return "";
  return failure instanceof AppError
    ? `${failure.code}: ${failure.message}`
    : "internal: see the log of the process";
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
    error: "",
  };
}
