// Names of the extension field types that the IANA registry "NTP Extension Field Types" lists and that are in use.

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x0104, "NTS unique identifier (RFC 8915)"],
  [0x0204, "NTS cookie (RFC 8915)"],
  [0x0304, "NTS cookie placeholder (RFC 8915)"],
  [0x0404, "NTS authenticator and encrypted extension fields (RFC 8915)"],
  [0x2005, "UDP checksum complement (RFC 7821)"],
]);

/** What a type is for; the type alone when it is not known. */
export function extensionFieldName(type: number): string {
  return NAMES.get(type) ?? "unknown type";
}
