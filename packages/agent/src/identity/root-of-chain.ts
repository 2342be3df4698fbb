// Whether a certificate chain leads to a root: each certificate signed by the next, the last by the root.

import { X509Certificate } from "node:crypto";
import { ok, type Result, refused } from "@truechimer/base";

export interface ChainText {
  /** PEM, the agent's certificate first. */
  readonly certificatePem: string;
  readonly rootPem: string;
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const CHAIN_LENGTH_MAX = 10;

/** The root, DER. */
export function rootOfChain({ certificatePem, rootPem }: ChainText): Result<Uint8Array, string> {
  try {
    const chain = blocksOf(certificatePem).map((block) => new X509Certificate(block));
    const [root] = blocksOf(rootPem).map((block) => new X509Certificate(block));
    if (root === undefined || chain.length === 0) return refused("a certificate is missing");
    const issuers = [...chain.slice(1), root];
    const leads = chain.every((certificate, index) => {
      const issuer = issuers[index];
      return issuer !== undefined && certificate.verify(issuer.publicKey);
    });
    return leads ? ok(root.raw) : refused("its certificate does not lead to its root");
  } catch {
    return refused("a certificate is damaged");
  }
}

function blocksOf(pem: string): readonly string[] {
  return (pem.match(CERTIFICATE_BLOCK) ?? []).slice(0, CHAIN_LENGTH_MAX);
}
