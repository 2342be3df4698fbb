// A certificate with the key that belongs to it, checked: a pair that does not match is never made.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { ok, type Result, refused, type UnixNs } from "@truechimer/base";

export interface CertificatePair {
  /** PEM: the agent's certificate first, then those that lead to the root. */
  readonly certificatePem: string;
  /** PEM. A secret. */
  readonly keyPem: string;
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
  /** SHA-256 over the agent's certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** DNS names that it was issued for. */
  readonly dnsNames: readonly string[];
}

/** A chain of four has about 4 KiB; larger is no certificate of an agent. */
export const PEM_BYTES_MAX: number = 64 * 1_024;

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN (?<kind>(?:EC |RSA )?PRIVATE KEY)-----[^-]*-----END \k<kind>-----/;

export interface PairText {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export function parseCertificatePair({
  certificatePem,
  keyPem,
}: PairText): Result<CertificatePair, string> {
  if (certificatePem.length > PEM_BYTES_MAX || keyPem.length > PEM_BYTES_MAX) {
    return refused(`longer than ${PEM_BYTES_MAX} bytes`);
  }
  const leaf = parsedLeaf(certificatePem);
  if (!leaf.ok) return leaf;
  const key = parsedKey(keyPem);
  if (!key.ok) return key;
  if (!leaf.value.checkPrivateKey(key.value)) {
    return refused("the private key does not belong to the certificate");
  }
  return ok({
    certificatePem,
    keyPem,
    notBeforeNs: unixNsFrom(leaf.value.validFromDate),
    notAfterNs: unixNsFrom(leaf.value.validToDate),
    fingerprint: leaf.value.fingerprint256.replaceAll(":", "").toLowerCase(),
    dnsNames: dnsNamesOf(leaf.value),
  });
}

/** Key and chain in one text: what is replaced as one file cannot come apart. */
export function encodeCombinedPair({ certificatePem, keyPem }: PairText): string {
  return `${keyPem.trim()}\n${certificatePem.trim()}\n`;
}

export function parseCombinedPair(text: string): Result<CertificatePair, string> {
  if (text.length > 2 * PEM_BYTES_MAX) return refused(`longer than ${2 * PEM_BYTES_MAX} bytes`);
  const keyPem = KEY_BLOCK.exec(text)?.[0];
  const blocks = text.match(CERTIFICATE_BLOCK) ?? [];
  if (keyPem === undefined || blocks.length === 0)
    return refused("a key or a certificate is missing");
  return parseCertificatePair({ certificatePem: `${blocks.join("\n")}\n`, keyPem: `${keyPem}\n` });
}

function parsedLeaf(pem: string): Result<X509Certificate, string> {
  const [block] = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (block === undefined) return refused("no certificate in PEM form");
  try {
    return ok(new X509Certificate(block));
  } catch {
    return refused("the certificate is damaged");
  }
}

function parsedKey(pem: string): Result<KeyObject, string> {
  if (!KEY_BLOCK.test(pem)) return refused("no private key in PEM form");
  try {
    return ok(createPrivateKey(pem));
  } catch {
    return refused("the private key is damaged");
  }
}

function dnsNamesOf(leaf: X509Certificate): readonly string[] {
  return (leaf.subjectAltName ?? "")
    .split(", ")
    .filter((name) => name.startsWith("DNS:"))
    .map((name) => name.slice("DNS:".length));
}

function unixNsFrom(date: Date): UnixNs {
  return BigInt(date.getTime()) * 1_000_000n;
}
