// A certificate before it exists: everything that will stand in it, from its profile and from what was asked for. What
// is signed is encoded once and never changed again: the throw-away signature for the lints and the real one are over
// the same octets. RFC 5280, section 4.1.2.

import type { IpAddress } from "@truechimer/base";
import { encodeTime } from "./der/der-time.ts";
import {
  encodeBitString,
  encodeExplicit,
  encodeSequence,
  encodeSmallInteger,
  encodeUnsignedInteger,
} from "./der/der-writer.ts";
import {
  type DistinguishedName,
  encodeName,
  NAME_PART_CHARACTERS_MAX,
} from "./distinguished-name.ts";
import { encodeSignatureAlgorithm, type SignatureAlgorithm } from "./ecdsa-signature.ts";
import {
  encodeAlternativeNames,
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeSubjectKeyIdentifier,
} from "./extension.ts";
import {
  ID_CE_AUTHORITY_KEY_IDENTIFIER,
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
  ID_CE_SUBJECT_KEY_IDENTIFIER,
} from "./object-identifiers.ts";
import type { CertificateProfile, Validity } from "./profile.ts";
import { type EcPublicKey, keyIdentifierOf } from "./public-key.ts";

/** Whoever signs, as the certificate names it. Of a root: the root itself. */
export interface IssuerFacts {
  readonly subjectDer: Uint8Array;
  readonly keyIdentifier: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** End of its own certificate. */
  readonly notAfterNs: bigint;
}

/** Everything that a certificate will say, decided before it is encoded. */
export interface CertificatePlan {
  readonly profile: CertificateProfile;
  /** Canonical text. */
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly IpAddress[];
  readonly publicKey: EcPublicKey;
  readonly validity: Validity;
  readonly issuer: IssuerFacts;
}

/** What a certificate at the end of a chain is called: its first DNS name, unless that is too long for a subject. */
export function subjectFor(dnsNames: readonly string[]): DistinguishedName {
  const commonName = dnsNames.find((name) => name.length <= NAME_PART_CHARACTERS_MAX);
  return commonName === undefined ? {} : { commonName };
}

/** What is going to be signed. */
export async function encodeSignedPart(plan: CertificatePlan): Promise<Uint8Array> {
  const { issuer, publicKey, serial, subject, validity } = plan;
  return encodeSequence(
    encodeExplicit(0, encodeSmallInteger(VERSION_3)),
    encodeUnsignedInteger(Uint8Array.fromHex(serial)),
    encodeSignatureAlgorithm(issuer.algorithm),
    issuer.subjectDer,
    encodeSequence(encodeTime(validity.notBeforeNs), encodeTime(validity.notAfterNs)),
    encodeName(subject),
    publicKey.der,
    encodeExplicit(3, encodeSequence(...(await encodeExtensions(plan)))),
  );
}

/** The whole certificate: what was signed, how, and the signature. */
export function encodeCertificate(
  signedDer: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): Uint8Array {
  return encodeSequence(signedDer, encodeSignatureAlgorithm(algorithm), encodeBitString(signature));
}

/** Versions are counted from 0. */
const VERSION_3 = 2;

async function encodeExtensions(plan: CertificatePlan): Promise<readonly Uint8Array[]> {
  const { profile, dnsNames, ipAddresses, issuer, publicKey, subject } = plan;
  const write = (objectIdentifier: string, value: Uint8Array, critical = false): Uint8Array =>
    encodeExtension({ objectIdentifier, critical, value });
  const keyIdentifier = await keyIdentifierOf(publicKey);
  const purposes = profile.extendedKeyUsage;
  const named = dnsNames.length + ipAddresses.length > 0;
  // Critical where nothing else says whose certificate it is. RFC 5280, section 4.2.1.6.
  const namesCritical = subject.commonName === undefined;
  return [
    write(ID_CE_BASIC_CONSTRAINTS, encodeBasicConstraints(profile.basicConstraints), true),
    write(ID_CE_KEY_USAGE, encodeKeyUsage(profile.keyUsage), true),
    ...(purposes.length === 0
      ? []
      : [write(ID_CE_EXT_KEY_USAGE, encodeExtendedKeyUsage(purposes))]),
    ...(named
      ? [
          write(
            ID_CE_SUBJECT_ALT_NAME,
            encodeAlternativeNames({ dnsNames, ipAddresses }),
            namesCritical,
          ),
        ]
      : []),
    write(ID_CE_SUBJECT_KEY_IDENTIFIER, encodeSubjectKeyIdentifier(keyIdentifier)),
    write(ID_CE_AUTHORITY_KEY_IDENTIFIER, encodeAuthorityKeyIdentifier(issuer.keyIdentifier)),
  ];
}
