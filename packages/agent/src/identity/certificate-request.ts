// A key pair of the agent's own, and the request for a certificate over it (PKCS #10, RFC 2986). The name in the
// certificate is the control plane's to say, so the request has none.

import { createPrivateKey, createPublicKey } from "node:crypto";
import { AppError } from "@truechimer/base";
import {
  createCertificateRequest as encodeRequest,
  generateExportableKeyPair,
  importSigner,
  parsePublicKey,
  privateKeyPem,
} from "@truechimer/pki";

export interface CertificateRequest {
  /** PKCS #8, PEM. A secret. */
  readonly keyPem: string;
  /** PKCS #10, DER. */
  readonly csrDer: Uint8Array;
}

/** Over a new ECDSA P-256 key. */
export async function createCertificateRequest(): Promise<CertificateRequest> {
  const { privateKeyDer, publicKey } = await generateExportableKeyPair("P-256");
  const signer = await importSigner(privateKeyDer, publicKey);
  return { keyPem: privateKeyPem(privateKeyDer), csrDer: await encodeRequest(signer) };
}

/** The request over a key that was made before. */
export async function requestOverKey(keyPem: string): Promise<Uint8Array> {
  const key = createPrivateKey(keyPem);
  const publicDer = createPublicKey(key).export({ type: "spki", format: "der" });
  const publicKey = parsePublicKey(Uint8Array.from(publicDer));
  if (!publicKey.ok)
    throw new AppError("internal", `a key of ours is not used: ${publicKey.error}`);
  const privateDer = Uint8Array.from(key.export({ type: "pkcs8", format: "der" }));
  return encodeRequest(await importSigner(privateDer, publicKey.value));
}
