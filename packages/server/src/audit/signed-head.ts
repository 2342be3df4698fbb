// The end of the trail, signed with a key that the database does not have: Ed25519 (RFC 8032), made from the master key
// by HKDF (RFC 5869), so that every replica with the master key has it and nothing more must be kept.

import {
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { TrailHead } from "./trail-check.ts";

/** A head as it is kept outside the database, one line of JSON. */
export interface SignedHead {
  /** Decimal digits. */
  readonly sequence: string;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  /** When it was signed, ISO 8601. */
  readonly at: string;
  /** Names the signing key. */
  readonly key: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

const FORMS: Readonly<Record<keyof SignedHead, RegExp>> = {
  sequence: /^\d{1,18}$/,
  hash: /^[0-9a-f]{64}$/,
  at: /^[0-9TZ:.+-]{1,40}$/,
  key: /^[0-9a-f]{16}$/,
  signature: /^[A-Za-z0-9_-]{86}$/,
};

export interface HeadSigner {
  /** Names the key among others; no secret. */
  readonly keyId: string;
  sign(head: TrailHead, at: string): SignedHead;
  holds(head: SignedHead): boolean;
}

const INFO = "truechimer: signing key of the audit trail's head";
/** RFC 8410, section 7: what stands before the 32 bytes of a private Ed25519 key. */
const PKCS8_HEAD: Buffer = Buffer.from("302e020100300506032b657004220420", "hex");

export function createHeadSigner(masterKey: Uint8Array): HeadSigner {
  const seed = Buffer.from(hkdfSync("sha256", masterKey, "", INFO, 32));
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(key);
  const keyId = keyIdOf(publicKey);
  return {
    keyId,
    sign: ({ sequence, hash }, at) => {
      const head = { sequence: String(sequence), hash: Buffer.from(hash).toString("hex"), at };
      const signature = sign(null, signedText(head), key).toString("base64url");
      return { ...head, key: keyId, signature };
    },
    holds: (head) =>
      head.key === keyId &&
      verify(null, signedText(head), publicKey, Buffer.from(head.signature, "base64url")),
  };
}

/** Absent: not the text of a head. */
export function parseSignedHead(text: string): SignedHead | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const fields = parsed as Readonly<Record<string, unknown>>;
  const fits = Object.entries(FORMS).every(([name, form]) => {
    const value = fields[name];
    return typeof value === "string" && form.test(value);
  });
  return fits ? (parsed as SignedHead) : undefined;
}

export function headOf({ sequence, hash }: SignedHead): TrailHead {
  return { sequence: BigInt(sequence), hash: Buffer.from(hash, "hex") };
}

function signedText({ sequence, hash, at }: Pick<SignedHead, "sequence" | "hash" | "at">): Buffer {
  return Buffer.from(`${INFO}\n${sequence}\n${hash}\n${at}`);
}

const KEY_ID_DIGITS = 16;

function keyIdOf(publicKey: KeyObject): string {
  const { x = "" } = publicKey.export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("hex").slice(0, KEY_ID_DIGITS);
}
