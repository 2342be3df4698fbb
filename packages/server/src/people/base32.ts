// RFC 4648, section 6: the letters and digits that nobody mixes up, for secrets that people type.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BITS = 5;

/** Without padding: whole groups of five bytes need none. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= BITS) {
      bits -= BITS;
      text += ALPHABET[(value >>> bits) & 0x1f] ?? "";
      value &= (1 << bits) - 1;
    }
  }
  return bits === 0 ? text : text + (ALPHABET[(value << (BITS - bits)) & 0x1f] ?? "");
}
