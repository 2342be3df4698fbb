// A SubjectPublicKeyInfo with an elliptic curve key. RFC 5480, section 2: a named curve, the point uncompressed.

import { type Result, refused } from "@truechimer/base";
import { readBitString } from "./der/der-primitives.ts";
import { onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG } from "./der/der-tag.ts";
import { malformed, parsed } from "./der/malformed.ts";
import { readObjectIdentifier } from "./der/object-identifier.ts";
import { curveByObjectIdentifier, type EllipticCurve } from "./elliptic-curve.ts";
import { ID_EC_PUBLIC_KEY } from "./object-identifiers.ts";
import { unshared } from "./octets.ts";

/** What stands before a point that is written with both coordinates. */
const UNCOMPRESSED = 0x04;

/** RFC 7093, section 2, method 1: enough to tell keys apart, and it fits where SHA-1 did. */
const KEY_IDENTIFIER_BYTES = 20;

/** A public key as it is encoded, on one of our curves; `importPublicKey` finds out whether it is a point of it. */
export interface EcPublicKey {
  readonly curve: EllipticCurve;
  /** The whole SubjectPublicKeyInfo. */
  readonly der: Uint8Array;
  /** The contents of its bit string. */
  readonly point: Uint8Array;
}

/** Refuses every other algorithm. Whether the point is on the curve is checked when the key is used. */
export function parsePublicKey(der: Uint8Array): Result<EcPublicKey, string> {
  return parsed(() => {
    const info = readDer(onlyValue(der, DER_TAG.sequence, "the public key").contents);
    const algorithm = readDer(info.next(DER_TAG.sequence, "the public key's algorithm").contents);
    const kind = readObjectIdentifier(
      algorithm.next(DER_TAG.objectIdentifier, "the public key's algorithm").contents,
    );
    if (kind !== ID_EC_PUBLIC_KEY) {
      malformed(`the key's algorithm is ${kind}: expected an elliptic curve key (P-256 or P-384)`);
    }
    const curveName = readObjectIdentifier(
      algorithm.next(DER_TAG.objectIdentifier, "the public key's curve").contents,
    );
    algorithm.end("the public key's curve");
    const curve = curveByObjectIdentifier(curveName);
    if (curve === undefined) {
      return malformed(`the key's curve is ${curveName}: expected P-256 or P-384`);
    }
    const point = readBitString(
      info.next(DER_TAG.bitString, "the public key's point").contents,
      "the public key's point",
    );
    info.end("the public key's point");
    if (point[0] !== UNCOMPRESSED || point.length !== 1 + 2 * curve.coordinateBytes) {
      malformed("the public key's point is not written with both coordinates");
    }
    return { curve, der, point };
  });
}

/** Fails where the point is not on the curve, too. */
export async function importPublicKey(key: EcPublicKey): Promise<Result<CryptoKey, string>> {
  try {
    const imported = await crypto.subtle.importKey(
      "spki",
      unshared(key.der),
      { name: "ECDSA", namedCurve: key.curve.name },
      true,
      ["verify"],
    );
    return { ok: true, value: imported };
  } catch {
    return refused("the public key's point is not on its curve");
  }
}

/** What certificates call a key by: the leftmost 160 bits of SHA-256 over its point. RFC 7093, section 2. */
export async function keyIdentifierOf(key: EcPublicKey): Promise<Uint8Array> {
  return (await sha256(key.point)).subarray(0, KEY_IDENTIFIER_BYTES);
}

/** 32 octets. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", unshared(bytes)));
}
