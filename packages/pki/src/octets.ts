// Octets: the one text form in which they are stored, shown and compared, and the type under which WebCrypto takes them.

/** Lower case, two digits an octet. */
export function hexFromBytes(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Whether the two hold the same octets. Not for secrets: it stops at the first difference. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

/** WebCrypto's types exclude memory that is shared between threads, which none of ours is. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
