// The key that an ACME account is bound to another one with (RFC 8555, section 7.3.4): authorities give it as base64url, some as
// base64.

import { AppError } from "@truechimer/base";
import { readSecretFile } from "./secret-file.ts";

/** Less than 128 bits is no key: a part of one, or the key's identifier. */
const KEY_BYTES_MIN = 16;
const SETTING = "acme.eab_hmac_key_file";

/** Fails with config_unreadable or config_bad_value, without a word of the file. */
export async function readEabHmacKey(file: string): Promise<Uint8Array> {
  const text = await readSecretFile(SETTING, file);
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  const key = isBase64 ? Buffer.from(text, "base64url") : Buffer.alloc(0);
  if (key.length >= KEY_BYTES_MIN) return new Uint8Array(key);
  throw new AppError(
    "config_bad_value",
    `${SETTING}: ${file} holds ${text.length} characters that are no HMAC key: expected base64url of ${KEY_BYTES_MIN} bytes or more, as the authority gave it beside the key identifier`,
  );
}
