// Passwords at rest: argon2id (RFC 9106) in a PHC string, which carries its parameters, so that stronger ones can be
// asked for later and old hashes still be read.

import { argon2 } from "node:crypto";
import { AppError, type Random } from "@truechimer/base";
import { sameBytes } from "../http/token.ts";

export interface Argon2Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * OWASP Password Storage Cheat Sheet, "Argon2id": at least 19 MiB, two passes, one lane. Some 50 ms of one core; a machine
 * that guesses needs as much memory for each guess.
 */
export const PASSWORD_PARAMETERS: Argon2Parameters = {
  memoryKib: 19_456,
  passes: 2,
  parallelism: 1,
};

/** RFC 9106, section 3.1: 16 bytes are enough for passwords. */
const SALT_BYTES = 16;
/** RFC 9106, section 4. */
const TAG_BYTES = 32;

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Makes the PHC string of a new hash. */
export async function hashPassword(
  password: string,
  { random, parameters }: { readonly random: Random; readonly parameters: Argon2Parameters },
): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const tag = await derive(password, { salt, tagBytes: TAG_BYTES, parameters });
  const { memoryKib, passes, parallelism } = parameters;
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

export type PasswordVerdict =
  | { readonly right: false }
  /** Outdated: hashed with other parameters than those that are asked for today. */
  | { readonly right: true; readonly outdated: boolean };

/** Compares in the same time wherever the two differ. Fails with internal when `stored` is no hash of ours. */
export async function checkPassword(
  password: string,
  stored: string,
  parameters: Argon2Parameters,
): Promise<PasswordVerdict> {
  const [, memory = "", passes = "", parallelism = "", salt = "", tag = ""] =
    PHC.exec(stored) ?? [];
  if (tag === "") throw new AppError("internal", "a stored password is no argon2id hash");
  const used = {
    memoryKib: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  };
  const expected = Buffer.from(tag, "base64");
  const found = await derive(password, {
    salt: Buffer.from(salt, "base64"),
    tagBytes: expected.length,
    parameters: used,
  });
  if (!sameBytes(found, expected)) return { right: false };
  const isCurrent =
    used.memoryKib === parameters.memoryKib &&
    used.passes === parameters.passes &&
    used.parallelism === parameters.parallelism;
  return { right: true, outdated: !isCurrent };
}

interface Derivation {
  readonly salt: Uint8Array;
  readonly tagBytes: number;
  readonly parameters: Argon2Parameters;
}

/** On a thread of libuv's pool. NIST SP 800-63B-4, section 3.1.1.2: normalized, so that keyboards agree. */
function derive(password: string, { salt, tagBytes, parameters }: Derivation): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  argon2(
    "argon2id",
    {
      message: password.normalize("NFKC"),
      nonce: salt,
      tagLength: tagBytes,
      memory: parameters.memoryKib,
      passes: parameters.passes,
      parallelism: parameters.parallelism,
    },
    (error, tag) => (error === null ? resolve(tag) : reject(error)),
  );
  return promise;
}

/** As PHC strings have it: without padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
