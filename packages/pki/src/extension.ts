// Extensions of certificates and requests: those that ours have are read and written here, one function each way.
// RFC 5280, section 4.2.

import { type IpAddress, ipAddressFromBytes } from "@truechimer/base";
import { readAscii, readBoolean, readNamedBits, readSmallInteger } from "./der/der-primitives.ts";
import { allValues, onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG, explicitTag, implicitTag } from "./der/der-tag.ts";
import {
  encodeDer,
  encodeNamedBits,
  encodeOctetString,
  encodeSequence,
  encodeSmallInteger,
  encodeText,
  encodeTrue,
} from "./der/der-writer.ts";
import { malformed } from "./der/malformed.ts";
import { encodeObjectIdentifier, readObjectIdentifier } from "./der/object-identifier.ts";

/** More than any certificate in use has. */
const EXTENSIONS_MAX = 40;
/** Names of one certificate; a server that listens everywhere has some dozens of addresses. */
const NAMES_MAX = 100;
const PURPOSES_MAX = 20;

/** One extension; `value` is the DER within its OCTET STRING. RFC 5280, section 4.2. */
export interface Extension {
  readonly objectIdentifier: string;
  readonly critical: boolean;
  /** Contents of the OCTET STRING: DER again. */
  readonly value: Uint8Array;
}

/** `critical` is left out when it is false, as DER has it for a default. */
export function encodeExtension({ objectIdentifier, critical, value }: Extension): Uint8Array {
  return encodeSequence(
    encodeObjectIdentifier(objectIdentifier),
    ...(critical ? [encodeTrue()] : []),
    encodeOctetString(value),
  );
}

/** The contents of `Extensions`. A type that comes twice is refused. RFC 5280, section 4.2. */
export function readExtensions(contents: Uint8Array): readonly Extension[] {
  const values = allValues(contents, EXTENSIONS_MAX, "the extensions");
  if (values.length === 0) malformed("the list of extensions is empty");
  const extensions = values.map((value) => {
    if (value.tag !== DER_TAG.sequence) malformed("an extension is no SEQUENCE");
    return readExtension(value.contents);
  });
  const types = new Set(extensions.map(({ objectIdentifier }) => objectIdentifier));
  if (types.size !== extensions.length) malformed("an extension comes twice");
  return extensions;
}

function readExtension(contents: Uint8Array): Extension {
  const reader = readDer(contents);
  const objectIdentifier = readObjectIdentifier(
    reader.next(DER_TAG.objectIdentifier, "an extension's type").contents,
  );
  const flag = reader.optional(DER_TAG.boolean);
  const critical = flag !== undefined && readBoolean(flag.contents, "an extension's criticality");
  if (flag !== undefined && !critical) malformed("an extension's criticality is written as FALSE");
  const value = reader.next(DER_TAG.octetString, "an extension's value").contents;
  reader.end("an extension's value");
  return { objectIdentifier, critical, value };
}

/** In the order of their bits. RFC 5280, section 4.2.1.3. */
const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

/** What a key may do. RFC 5280, section 4.2.1.3. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** In any order, each once. */
export function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array {
  return encodeNamedBits(usages.map((usage) => KEY_USAGES.indexOf(usage)));
}

/** In the order of the standard. Malformed when it is no list of bits. */
export function readKeyUsage(value: Uint8Array): readonly KeyUsage[] {
  const { contents } = onlyValue(value, DER_TAG.bitString, "the key usage");
  return readNamedBits(contents, "the key usage").map((bit) => {
    return KEY_USAGES[bit] ?? malformed(`the key usage has a bit ${bit}, which means nothing`);
  });
}

/** Whether it is an authority's, and how many more may hang below it. RFC 5280, section 4.2.1.9. */
export interface BasicConstraints {
  readonly authority: boolean;
  /** How many authorities may stand between this one and the certificate at the end. Absent: any number. */
  readonly pathLength?: number;
}

/** RFC 5280, section 4.2.1.9. */
export function encodeBasicConstraints({ authority, pathLength }: BasicConstraints): Uint8Array {
  return encodeSequence(
    ...(authority ? [encodeTrue()] : []),
    ...(pathLength === undefined ? [] : [encodeSmallInteger(pathLength)]),
  );
}

/** Malformed when a path length stands in a certificate that is no authority's. */
export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const reader = readDer(onlyValue(value, DER_TAG.sequence, "the basic constraints").contents);
  const flag = reader.optional(DER_TAG.boolean);
  const authority = flag !== undefined && readBoolean(flag.contents, "the mark of an authority");
  if (flag !== undefined && !authority) malformed("the mark of an authority is written as FALSE");
  const length = reader.optional(DER_TAG.integer);
  reader.end("the basic constraints");
  if (length === undefined) return { authority };
  if (!authority) malformed("a path length in a certificate that is no authority's");
  return { authority, pathLength: readSmallInteger(length.contents, "the path length") };
}

/** Object identifiers of the purposes. RFC 5280, section 4.2.1.12. */
export function encodeExtendedKeyUsage(purposes: readonly string[]): Uint8Array {
  return encodeSequence(...purposes.map(encodeObjectIdentifier));
}

/** Object identifiers of the purposes. RFC 5280, section 4.2.1.12. */
export function readExtendedKeyUsage(value: Uint8Array): readonly string[] {
  const { contents } = onlyValue(value, DER_TAG.sequence, "the extended key usage");
  const purposes = allValues(contents, PURPOSES_MAX, "the extended key usage");
  if (purposes.length === 0) malformed("the extended key usage is empty");
  return purposes.map(({ tag, contents: purpose }) => {
    if (tag !== DER_TAG.objectIdentifier) malformed("a purpose is no object identifier");
    return readObjectIdentifier(purpose);
  });
}

/** Whom a certificate is for. RFC 5280, section 4.2.1.6. */
export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly IpAddress[];
  /** How many names of other kinds there are. */
  readonly others: number;
}

const DNS_NAME = implicitTag(2);
const IP_ADDRESS = implicitTag(7);

/** RFC 5280, section 4.2.1.6. */
export function encodeAlternativeNames(
  names: Pick<AlternativeNames, "dnsNames" | "ipAddresses">,
): Uint8Array {
  return encodeSequence(
    ...names.dnsNames.map((name) => encodeText(DNS_NAME, name)),
    ...names.ipAddresses.map(({ bytes }) => encodeDer(IP_ADDRESS, bytes)),
  );
}

/** Names of other kinds are counted and not understood. */
export function readAlternativeNames(value: Uint8Array): AlternativeNames {
  const { contents } = onlyValue(value, DER_TAG.sequence, "the alternative names");
  const names = allValues(contents, NAMES_MAX, "the alternative names");
  if (names.length === 0) malformed("the list of alternative names is empty");
  const dnsNames = names
    .filter(({ tag }) => tag === DNS_NAME)
    .map((name) => readAscii(name.contents, "an alternative name"));
  const ipAddresses = names
    .filter(({ tag }) => tag === IP_ADDRESS)
    .map((name) => readIpAddress(name.contents));
  return { dnsNames, ipAddresses, others: names.length - dnsNames.length - ipAddresses.length };
}

function readIpAddress(contents: Uint8Array): IpAddress {
  const address = ipAddressFromBytes(contents);
  return address.ok ? address.value : malformed(`an alternative name: ${address.error}`);
}

/** RFC 5280, section 4.2.1.2. */
export function encodeSubjectKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return encodeOctetString(keyIdentifier);
}

/** RFC 5280, section 4.2.1.2. */
export function readSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  return onlyValue(value, DER_TAG.octetString, "the subject key identifier").contents;
}

const KEY_IDENTIFIER = implicitTag(0);

/** The key identifier alone: the issuer's name and serial beside it only make chains brittle. RFC 5280, section 4.2.1.1. */
export function encodeAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return encodeSequence(encodeDer(KEY_IDENTIFIER, keyIdentifier));
}

/** Absent: it names its authority in another way. */
export function readAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const reader = readDer(
    onlyValue(value, DER_TAG.sequence, "the authority key identifier").contents,
  );
  const identifier = reader.optional(KEY_IDENTIFIER);
  while (reader.peek !== undefined) {
    const { tag } = reader.any("the authority key identifier");
    if (tag !== explicitTag(1) && tag !== implicitTag(2)) {
      malformed("the authority key identifier has a part that is none of its own");
    }
  }
  return identifier?.contents;
}
