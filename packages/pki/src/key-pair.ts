// Key pairs on P-256 or P-384, made by WebCrypto. Who keeps a key asks for one that can leave once, as PKCS #8
// (RFC 5958), and takes it in again as one that cannot.

import { assert } from "@truechimer/base";
import { type SignatureAlgorithm, signatureAlgorithmFor, signEcdsa } from "./ecdsa-signature.ts";
import { type CurveName, curveByName, type EllipticCurve } from "./elliptic-curve.ts";
import { unshared } from "./octets.ts";
import { encodePem } from "./pem.ts";
import { type EcPublicKey, parsePublicKey } from "./public-key.ts";

/** A private key behind the one thing that is ever done with it. */
export interface Signer {
  readonly publicKey: EcPublicKey;
  readonly algorithm: SignatureAlgorithm;
  /** A signature as certificates carry it. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A pair whose private half lives in this process and cannot leave it. */
export async function generateSigner(curve: CurveName): Promise<Signer> {
  const pair = await generate(curveByName(curve), false);
  return signerOf(pair.privateKey, await publicKeyOf(pair));
}

/** A key pair that leaves WebCrypto. A secret. */
export interface ExportableKeyPair {
  readonly publicKey: EcPublicKey;
  /** PKCS #8. Secret. */
  readonly privateKeyDer: Uint8Array;
}

/** A pair whose private half is about to be stored or handed over. */
export async function generateExportableKeyPair(curve: CurveName): Promise<ExportableKeyPair> {
  const pair = await generate(curveByName(curve), true);
  const privateKeyDer = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { publicKey: await publicKeyOf(pair), privateKeyDer };
}

/** The private half that was stored, with the public half that belongs to it. Rejects when it is no such key. */
export async function importSigner(
  privateKeyDer: Uint8Array,
  publicKey: EcPublicKey,
): Promise<Signer> {
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    unshared(privateKeyDer),
    { name: "ECDSA", namedCurve: publicKey.curve.name },
    false,
    ["sign"],
  );
  return signerOf(privateKey, publicKey);
}

/** PKCS #8 as PEM. Secret. */
export function privateKeyPem(privateKeyDer: Uint8Array): string {
  return encodePem("PRIVATE KEY", privateKeyDer);
}

interface WebCryptoPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

function generate(curve: EllipticCurve, extractable: boolean): Promise<WebCryptoPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: curve.name }, extractable, [
    "sign",
    "verify",
  ]);
}

function signerOf(privateKey: CryptoKey, publicKey: EcPublicKey): Signer {
  const algorithm = signatureAlgorithmFor(publicKey.curve.name);
  return {
    publicKey,
    algorithm,
    sign: (message) => signEcdsa(privateKey, algorithm, message),
  };
}

async function publicKeyOf({ publicKey }: WebCryptoPair): Promise<EcPublicKey> {
  const parsed = parsePublicKey(new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)));
  assert(parsed.ok, "a key of ours is not in the form that we read");
  return parsed.value;
}
