// A key pair of the agent's own, and the request for a certificate over it (PKCS #10, RFC 2986). The name in the
// certificate is the control plane's to say, so the request has none. The structure is small and always the same, so it
// is put together here, and an agent needs no ASN.1 library in memory.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";

export interface CertificateRequest {
  /** PKCS #8, PEM. A secret. */
  readonly keyPem: string;
  /** PKCS #10, DER. */
  readonly csrDer: Uint8Array;
}

/** Over a new ECDSA P-256 key. */
export function createCertificateRequest(): CertificateRequest {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }),
    csrDer: certificateRequestOver(privateKey),
  };
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
const VERSION_0 = Uint8Array.of(0x02, 0x01, 0x00);
const EMPTY_NAME = Uint8Array.of(SEQUENCE, 0x00);
/** [0], constructed, empty. RFC 2986, section 4.1. */
const NO_ATTRIBUTES = Uint8Array.of(0xa0, 0x00);
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. RFC 5758, section 3.2. */
const ECDSA_WITH_SHA256 = Uint8Array.fromHex("300a06082a8648ce3d040302");

/** The request over a key that was made before. */
export function requestOverKey(keyPem: string): Uint8Array {
  return certificateRequestOver(createPrivateKey(keyPem));
}

function certificateRequestOver(privateKey: KeyObject): Uint8Array {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const info = encodeDer(SEQUENCE, VERSION_0, EMPTY_NAME, publicKey, NO_ATTRIBUTES);
  const signature = sign("sha256", info, privateKey);
  const noUnusedBits = Uint8Array.of(0);
  return encodeDer(
    SEQUENCE,
    info,
    ECDSA_WITH_SHA256,
    encodeDer(BIT_STRING, noUnusedBits, signature),
  );
}

/** Short and long definite lengths; contents here are far below 64 KiB. */
function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const { length } = Buffer.concat(parts);
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from(Buffer.concat([Uint8Array.of(tag, ...lengthBytes), ...parts]));
}
