// ECDSA signatures: two numbers in a SEQUENCE in certificates, the same numbers side by side in WebCrypto.
// RFC 3279, section 2.2.3.

import { type Result, refused } from "@truechimer/base";
import { readUnsignedInteger } from "./der/der-primitives.ts";
import { onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG } from "./der/der-tag.ts";
import { encodeSequence, encodeUnsignedInteger } from "./der/der-writer.ts";
import { malformed, parsed } from "./der/malformed.ts";
import { encodeObjectIdentifier } from "./der/object-identifier.ts";
import type { CurveName, EllipticCurve } from "./elliptic-curve.ts";
import { ECDSA_WITH_SHA256, ECDSA_WITH_SHA384 } from "./object-identifiers.ts";
import { unshared } from "./octets.ts";
import { type EcPublicKey, importPublicKey } from "./public-key.ts";

/** How a signature is made: ECDSA, with one of two hashes. */
export interface SignatureAlgorithm {
  readonly objectIdentifier: string;
  /** By WebCrypto's name. */
  readonly hash: "SHA-256" | "SHA-384";
}

const SHA256: SignatureAlgorithm = { objectIdentifier: ECDSA_WITH_SHA256, hash: "SHA-256" };
const SHA384: SignatureAlgorithm = { objectIdentifier: ECDSA_WITH_SHA384, hash: "SHA-384" };

/** What we sign with: the hash that is as strong as the curve. */
export function signatureAlgorithmFor(curve: CurveName): SignatureAlgorithm {
  return curve === "P-256" ? SHA256 : SHA384;
}

/** Absent: none that we accept. */
export function signatureAlgorithmByObjectIdentifier(
  objectIdentifier: string,
): SignatureAlgorithm | undefined {
  return [SHA256, SHA384].find((known) => known.objectIdentifier === objectIdentifier);
}

/** An AlgorithmIdentifier without parameters. RFC 5758, section 3.2. */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  return encodeSequence(encodeObjectIdentifier(algorithm.objectIdentifier));
}

/** As certificates carry it. */
export async function signEcdsa(
  privateKey: CryptoKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
): Promise<Uint8Array> {
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: algorithm.hash },
    privateKey,
    unshared(message),
  );
  const raw = new Uint8Array(signature);
  const half = raw.length / 2;
  return encodeSequence(
    encodeUnsignedInteger(raw.subarray(0, half)),
    encodeUnsignedInteger(raw.subarray(half)),
  );
}

/** A signature with what it is over and whose it should be. */
export interface SignedMessage {
  readonly key: EcPublicKey;
  readonly algorithm: SignatureAlgorithm;
  readonly message: Uint8Array;
  /** As certificates carry it. */
  readonly signature: Uint8Array;
}

/** Absent: the signature holds. Else what is wrong with it. */
export async function signatureProblem(signed: SignedMessage): Promise<string | undefined> {
  const raw = rawSignature(signed.signature, signed.key.curve);
  if (!raw.ok) return raw.error;
  const key = await importPublicKey(signed.key);
  if (!key.ok) return key.error;
  const holds = await crypto.subtle.verify(
    { name: "ECDSA", hash: signed.algorithm.hash },
    key.value,
    unshared(raw.value),
    unshared(signed.message),
  );
  return holds ? undefined : "the signature does not fit the key";
}

function rawSignature(der: Uint8Array, curve: EllipticCurve): Result<Uint8Array, string> {
  const numbers = parsed(() => {
    const pair = readDer(onlyValue(der, DER_TAG.sequence, "the signature").contents);
    const [r, s] = [
      signatureNumber(pair.next(DER_TAG.integer, "r").contents),
      signatureNumber(pair.next(DER_TAG.integer, "s").contents),
    ];
    pair.end("the signature's numbers");
    return { r, s };
  });
  if (!numbers.ok) return numbers;
  const { r, s } = numbers.value;
  const size = curve.coordinateBytes;
  if (r.length > size || s.length > size) {
    return refused(`the signature's numbers are longer than ${size} octets`);
  }
  const raw = new Uint8Array(size * 2);
  raw.set(r, size - r.length);
  raw.set(s, 2 * size - s.length);
  return { ok: true, value: raw };
}

function signatureNumber(contents: Uint8Array): Uint8Array {
  const octets = readUnsignedInteger(contents, "a number of the signature");
  if (octets.length === 1 && octets[0] === 0) malformed("a number of the signature is zero");
  return octets;
}
