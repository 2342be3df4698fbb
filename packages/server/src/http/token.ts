// Bearer secrets: 256 random bits behind a prefix that says what they open, known to the database by their hash alone.

import { createHash, timingSafeEqual } from "node:crypto";
import type { Random } from "@truechimer/base";

/**
 * `tcm_` an agent's, `tce_` lets an agent enrol once, `tca_` a program's on the admin API, `tco_` a one-time key, `tcs_` a
 * session that was opened with one, `tcu_` a session of a user who signed in, `tcl_` a user's one-time link, `tcx_` a browser's that signs in at a provider.
 */
export type TokenPrefix = "tcm_" | "tce_" | "tca_" | "tco_" | "tcs_" | "tcu_" | "tcl_" | "tcx_";

const SECRET_BYTES = 32;
/** Longer values are refused unread. */
export const TOKEN_CHARACTERS_MAX = 256;

export function createToken(prefix: TokenPrefix, random: Random): string {
  return `${prefix}${Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url")}`;
}

/** SHA-256; enough for a secret of full entropy. */
export function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}

/** Takes the same time wherever the two differ. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The token of an `Authorization: Bearer` header. Absent: none, another scheme, or too long. */
export function bearerToken(
  header: string | null | undefined,
  charactersMax: number = TOKEN_CHARACTERS_MAX,
): string | undefined {
  if (header === null || header === undefined || header.length > charactersMax + 16)
    return undefined;
  const match = /^bearer +([^\s]+)$/i.exec(header.trim());
  return match?.[1];
}
