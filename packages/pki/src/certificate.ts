// A certificate as the facts that we use. Parsing says nothing about trust: `verifyChain` does. RFC 5280, section 4.1.

import type { Result, UnixNs } from "@truechimer/base";
import { readBitString, readSmallInteger, readUnsignedInteger } from "./der/der-primitives.ts";
import { type DerReader, onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG, explicitTag, implicitTag } from "./der/der-tag.ts";
import { readTime } from "./der/der-time.ts";
import { malformed, parsed } from "./der/malformed.ts";
import { readObjectIdentifier } from "./der/object-identifier.ts";
import { readCommonName } from "./distinguished-name.ts";
import {
  type AlternativeNames,
  type BasicConstraints,
  type Extension,
  type KeyUsage,
  readAlternativeNames,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
  readSubjectKeyIdentifier,
} from "./extension.ts";
import {
  ID_CE_AUTHORITY_KEY_IDENTIFIER,
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
  ID_CE_SUBJECT_KEY_IDENTIFIER,
} from "./object-identifiers.ts";
import { hexFromBytes } from "./octets.ts";

/** A root with an RSA key of 8192 bits and many names takes 4 KiB. Longer ones are refused unread. */
const CERTIFICATE_BYTES_MAX: number = 16 * 1024;
/** RFC 5280, section 4.1.2.2. */
export const SERIAL_OCTETS_MAX = 20;

/** A certificate taken apart, each part as it stands in it; nothing of it has been judged. RFC 5280, section 4.1. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** What the signature is over. */
  readonly signedDer: Uint8Array;
  /** 3 in every certificate of ours. */
  readonly version: number;
  /** Canonical: lower-case hexadecimal digits, two an octet, without leading zero octets. */
  readonly serial: string;
  /** Of the signature, as it stands outside of what is signed. */
  readonly signatureAlgorithm: string;
  /** The same as it stands inside. */
  readonly signedAlgorithm: string;
  readonly signature: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly subjectDer: Uint8Array;
  /** Absent: the issuer has none. */
  readonly issuerCommonName?: string;
  readonly subjectCommonName?: string;
  /** First and last second of its life. */
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
  /** SubjectPublicKeyInfo, of any algorithm. */
  readonly publicKeyDer: Uint8Array;
  /** Whether it has one of the unique identifiers that version 2 brought and nobody uses. */
  readonly uniqueIdentifiers: boolean;
  readonly extensions: readonly Extension[];
  readonly keyUsage?: readonly KeyUsage[];
  /** Object identifiers. Absent: any purpose. */
  readonly extendedKeyUsage?: readonly string[];
  readonly basicConstraints?: BasicConstraints;
  readonly alternativeNames?: AlternativeNames;
  readonly subjectKeyIdentifier?: Uint8Array;
  readonly authorityKeyIdentifier?: Uint8Array;
}

/** From DER. The reason says what is wrong with it, for people. */
export function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  return parsed(() => {
    if (der.length > CERTIFICATE_BYTES_MAX) {
      malformed(`a certificate of ${der.length} octets: expected at most ${CERTIFICATE_BYTES_MAX}`);
    }
    const outer = readDer(onlyValue(der, DER_TAG.sequence, "the certificate").contents);
    const signed = outer.next(DER_TAG.sequence, "what is signed");
    const signatureAlgorithm = readAlgorithm(outer, "the signature's algorithm");
    const signature = readBitString(
      outer.next(DER_TAG.bitString, "the signature").contents,
      "the signature",
    );
    outer.end("the signature");
    return {
      der,
      signedDer: signed.encoding,
      signatureAlgorithm,
      signature,
      ...readSigned(readDer(signed.contents)),
    };
  });
}

type SignedFacts = Omit<Certificate, "der" | "signedDer" | "signatureAlgorithm" | "signature">;

function readSigned(reader: DerReader): SignedFacts {
  const version = readVersion(reader);
  const serial = readSerial(reader.next(DER_TAG.integer, "the serial number").contents);
  const signedAlgorithm = readAlgorithm(reader, "the signed algorithm");
  const issuerDer = reader.next(DER_TAG.sequence, "the issuer").encoding;
  const validity = readDer(reader.next(DER_TAG.sequence, "the validity").contents);
  const notBeforeNs = readInstant(validity, "the start of its life");
  const notAfterNs = readInstant(validity, "the end of its life");
  validity.end("the validity");
  const subjectDer = reader.next(DER_TAG.sequence, "the subject").encoding;
  const publicKeyDer = reader.next(DER_TAG.sequence, "the public key").encoding;
  const issuerUnique = reader.optional(implicitTag(1));
  const subjectUnique = reader.optional(implicitTag(2));
  const wrapped = reader.optional(explicitTag(3));
  reader.end("the extensions");
  const extensions =
    wrapped === undefined
      ? []
      : readExtensions(onlyValue(wrapped.contents, DER_TAG.sequence, "the extensions").contents);
  const issuerCommonName = readCommonName(issuerDer, "the issuer");
  const subjectCommonName = readCommonName(subjectDer, "the subject");
  return {
    version,
    serial,
    signedAlgorithm,
    issuerDer,
    subjectDer,
    ...(issuerCommonName !== undefined && { issuerCommonName }),
    ...(subjectCommonName !== undefined && { subjectCommonName }),
    notBeforeNs,
    notAfterNs,
    publicKeyDer,
    uniqueIdentifiers: issuerUnique !== undefined || subjectUnique !== undefined,
    extensions,
    ...readKnownExtensions(extensions),
  };
}

function readVersion(reader: DerReader): number {
  const wrapped = reader.optional(explicitTag(0));
  if (wrapped === undefined) return 1;
  const number = onlyValue(wrapped.contents, DER_TAG.integer, "the version");
  const version = readSmallInteger(number.contents, "the version") + 1;
  return version === 2 || version === 3
    ? version
    : malformed(`a certificate of version ${version}`);
}

function readSerial(contents: Uint8Array): string {
  const octets = readUnsignedInteger(contents, "the serial number");
  if (octets.length > SERIAL_OCTETS_MAX || contents.length > SERIAL_OCTETS_MAX) {
    malformed(
      `a serial number of ${contents.length} octets: expected at most ${SERIAL_OCTETS_MAX}`,
    );
  }
  return hexFromBytes(octets);
}

function readAlgorithm(reader: DerReader, what: string): string {
  const algorithm = readDer(reader.next(DER_TAG.sequence, what).contents);
  return readObjectIdentifier(algorithm.next(DER_TAG.objectIdentifier, what).contents);
}

function readInstant(reader: DerReader, what: string): UnixNs {
  const tag = reader.peek === DER_TAG.generalizedTime ? DER_TAG.generalizedTime : DER_TAG.utcTime;
  return readTime(reader.next(tag, what), what);
}

function readKnownExtensions(extensions: readonly Extension[]): Partial<SignedFacts> {
  const valueOf = new Map(extensions.map((each) => [each.objectIdentifier, each.value]));
  const read = <Key extends keyof SignedFacts>(
    key: Key,
    objectIdentifier: string,
    reader: (value: Uint8Array) => SignedFacts[Key] | undefined,
  ): Partial<SignedFacts> => {
    const value = valueOf.get(objectIdentifier);
    const facts = value === undefined ? undefined : reader(value);
    return facts === undefined ? {} : { [key]: facts };
  };
  return {
    ...read("keyUsage", ID_CE_KEY_USAGE, readKeyUsage),
    ...read("extendedKeyUsage", ID_CE_EXT_KEY_USAGE, readExtendedKeyUsage),
    ...read("basicConstraints", ID_CE_BASIC_CONSTRAINTS, readBasicConstraints),
    ...read("alternativeNames", ID_CE_SUBJECT_ALT_NAME, readAlternativeNames),
    ...read("subjectKeyIdentifier", ID_CE_SUBJECT_KEY_IDENTIFIER, readSubjectKeyIdentifier),
    ...read("authorityKeyIdentifier", ID_CE_AUTHORITY_KEY_IDENTIFIER, readAuthorityKeyIdentifier),
  };
}
