// Secrets at rest: AES-256-GCM under the master key, which the database never sees. The purpose is authenticated along
// with each secret, so that a sealed key that is moved to another row does not open there. The id of the master key
// stands in front, so that the wrong one is called wrong and not mistaken for damage. NIST SP 800-38D, section 8.2.2:
// with random nonces one key may seal 2^32 secrets, some thousand times what a control plane ever makes.

import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { AppError, type Random } from "@truechimer/base";

const MASTER_KEY_BYTES = 32;

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES: number = 1 + KEY_ID_BYTES + NONCE_BYTES;
const CIPHER = "aes-256-gcm";

export interface Seal {
  seal(purpose: string, secret: Uint8Array): Uint8Array;
  /** Fails with master_key_wrong, or with internal when what is stored was changed. */
  unseal(purpose: string, sealed: Uint8Array): Uint8Array;
}

export function createSeal(options: {
  readonly masterKey: Uint8Array;
  readonly random: Random;
}): Seal {
  const { masterKey, random } = options;
  if (masterKey.length !== MASTER_KEY_BYTES) {
    throw new AppError(
      "config_bad_value",
      `the master key has ${masterKey.length} bytes: expected ${MASTER_KEY_BYTES}`,
    );
  }
  const keyId = keyIdOf(masterKey);
  return {
    seal: (purpose, secret) => {
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, masterKey, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), keyId, nonce, body, cipher.getAuthTag()]);
    },
    unseal: (purpose, sealed) => {
      if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES + TAG_BYTES) throw damaged(purpose);
      const sealedWith = Buffer.from(sealed.subarray(1, 1 + KEY_ID_BYTES));
      if (!keyId.equals(sealedWith)) throw wrongKey(sealedWith, keyId);
      return opened(masterKey, purpose, sealed);
    },
  };
}

function opened(masterKey: Uint8Array, purpose: string, sealed: Uint8Array): Uint8Array {
  const nonce = sealed.subarray(1 + KEY_ID_BYTES, HEAD_BYTES);
  const body = sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES);
  const tag = sealed.subarray(sealed.length - TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, masterKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw damaged(purpose, cause);
  }
}

/** Tells keys apart and nothing else about them. */
function keyIdOf(masterKey: Uint8Array): Buffer {
  const mac = createHmac("sha256", masterKey).update("truechimer: id of the master key").digest();
  return mac.subarray(0, KEY_ID_BYTES);
}

function wrongKey(sealedWith: Buffer, keyId: Buffer): AppError {
  return new AppError(
    "master_key_wrong",
    `the keys in this database are sealed with the master key ${sealedWith.toString("hex")}, and ${keyId.toString("hex")} was given: name the file of the right one (secrets.master_key_file), from a backup if need be`,
  );
}

function damaged(purpose: string, cause?: unknown): AppError {
  return new AppError(
    "internal",
    `the sealed secret "${purpose}" was changed in the database: restore that row from a backup`,
    { cause },
  );
}
