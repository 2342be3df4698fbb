// Names of issuers and subjects. Ours are a common name, in authorities with an organization before it; of a foreign
// name only the common name is looked at, and names are compared by their octets. RFC 5280, section 4.1.2.4.

import { allValues, onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG } from "./der/der-tag.ts";
import { encodeSequence, encodeSet, encodeText } from "./der/der-writer.ts";
import { malformed } from "./der/malformed.ts";
import { encodeObjectIdentifier, readObjectIdentifier } from "./der/object-identifier.ts";
import { ID_AT_COMMON_NAME, ID_AT_ORGANIZATION } from "./object-identifiers.ts";

/** More parts than any name in use has. */
const PARTS_MAX = 20;
/** ub-common-name and ub-organization-name. RFC 5280, appendix A.1. */
export const NAME_PART_CHARACTERS_MAX = 64;

/** The parts of a name that certificates of ours have. */
export interface DistinguishedName {
  /** Absent: a name without one, which a subject may have that is named by its alternative names. */
  readonly commonName?: string;
  readonly organization?: string;
}

/** UTF8String, as for all names made today. RFC 5280, section 4.1.2.4. */
export function encodeName({ commonName, organization }: DistinguishedName): Uint8Array {
  const parts: Uint8Array[] = [];
  if (organization !== undefined) parts.push(encodePart(ID_AT_ORGANIZATION, organization));
  if (commonName !== undefined) parts.push(encodePart(ID_AT_COMMON_NAME, commonName));
  return encodeSequence(...parts);
}

/** The common name, the last one if there are several. Absent: none. */
export function readCommonName(nameDer: Uint8Array, what: string): string | undefined {
  const name = onlyValue(nameDer, DER_TAG.sequence, what);
  let commonName: string | undefined;
  for (const part of allValues(name.contents, PARTS_MAX, what)) {
    if (part.tag !== DER_TAG.set) malformed(`${what} has a part that is no SET`);
    for (const attribute of allValues(part.contents, PARTS_MAX, what)) {
      if (attribute.tag !== DER_TAG.sequence) malformed(`${what} has an attribute that is none`);
      const reader = readDer(attribute.contents);
      const type = readObjectIdentifier(
        reader.next(DER_TAG.objectIdentifier, `${what}'s attribute`).contents,
      );
      const value = reader.any(`${what}'s attribute`);
      reader.end(`${what}'s attribute`);
      if (type === ID_AT_COMMON_NAME) commonName = readText(value.tag, value.contents, what);
    }
  }
  return commonName;
}

/** A name without any part. */
export function isEmptyName(nameDer: Uint8Array): boolean {
  return nameDer.length === 2;
}

function encodePart(type: string, text: string): Uint8Array {
  return encodeSet(
    encodeSequence(encodeObjectIdentifier(type), encodeText(DER_TAG.utf8String, text)),
  );
}

function readText(tag: number, contents: Uint8Array, what: string): string {
  if (tag !== DER_TAG.utf8String && tag !== DER_TAG.printableString) {
    return malformed(`${what} has a common name that is neither UTF8String nor PrintableString`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(contents);
  } catch {
    return malformed(`${what} has a common name that is no UTF-8`);
  }
}
