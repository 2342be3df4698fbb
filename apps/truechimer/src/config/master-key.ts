// The master key: 32 bytes that seal the keys in the database. Written as base64 or as hexadecimal digits, as
// `openssl rand -base64 32` and `openssl rand -hex 32` print them.

import { AppError } from "@truechimer/base";
import { readSecretFile } from "./secret-file.ts";

export const MASTER_KEY_BYTES = 32;

export async function readMasterKey(file: string): Promise<Uint8Array> {
  const text = await readSecretFile("secrets.master_key_file", file);
  const key = parseMasterKey(text);
  if (key !== undefined) return key;
  throw new AppError(
    "config_bad_value",
    `secrets.master_key_file: ${file} holds ${text.length} characters that are no master key: expected ${MASTER_KEY_BYTES} bytes in base64, as "openssl rand -base64 ${MASTER_KEY_BYTES}" prints them`,
  );
}

/** As it stands in a file. */
export function masterKeyText(key: Uint8Array): string {
  return Buffer.from(key).toString("base64");
}

/** Absent: it is none. */
export function parseMasterKey(text: string): Uint8Array | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, "hex");
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, "base64") : undefined;
}
