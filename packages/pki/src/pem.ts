// PEM, the text form of certificates, requests and keys. RFC 7468, section 3: strict labels, padded base64.

import { ok, type Result, refused } from "@truechimer/base";

/** A chain of a handful of certificates, or a key. Longer texts are refused unread. */
const PEM_CHARACTERS_MAX: number = 64 * 1024;
const LINE_CHARACTERS = 64;

/** What a block holds, as its first line says. RFC 7468, section 4. */
export type PemLabel = "CERTIFICATE" | "CERTIFICATE REQUEST" | "PRIVATE KEY" | "PUBLIC KEY";

/** One block, with a line end after it. */
export function encodePem(label: PemLabel, der: Uint8Array): string {
  const lines = der.toBase64().match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** All blocks of this label, in their order; text around them and blocks of other labels are passed over. */
export function decodePem(label: PemLabel, text: string): Result<readonly Uint8Array[], string> {
  if (text.length > PEM_CHARACTERS_MAX) {
    return refused(
      `a PEM text of ${text.length} characters: expected at most ${PEM_CHARACTERS_MAX}`,
    );
  }
  const blocks: Uint8Array[] = [];
  for (const [, body = ""] of text.matchAll(blockPattern(label))) {
    const der = decodeBase64(body.replaceAll(/\s+/g, ""));
    if (der === undefined) return refused(`a PEM block "${label}" is no base64`);
    blocks.push(der);
  }
  return blocks.length === 0 ? refused(`no PEM block "${label}"`) : ok(blocks);
}

function blockPattern(label: PemLabel): RegExp {
  return new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`, "g");
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}
