// What an agent sends to be certified: a PKCS #10 request, in two states. `UnverifiedCsr` was read; `VerifiedCsr` was
// signed by the key that it asks for. Only the key goes on into a certificate. RFC 2986.

import { ok, type Result, refused } from "@truechimer/base";
import { readBitString, readSmallInteger } from "./der/der-primitives.ts";
import { allValues, onlyValue, readDer } from "./der/der-reader.ts";
import { DER_TAG, explicitTag } from "./der/der-tag.ts";
import { malformed, parsed } from "./der/malformed.ts";
import { readObjectIdentifier } from "./der/object-identifier.ts";
import { readCommonName } from "./distinguished-name.ts";
import { signatureAlgorithmByObjectIdentifier, signatureProblem } from "./ecdsa-signature.ts";
import {
  type Extension,
  readAlternativeNames,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
} from "./extension.ts";
import {
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
  ID_CE_SUBJECT_KEY_IDENTIFIER,
  ID_EXTENSION_REQUEST,
  ID_KP_CLIENT_AUTH,
  ID_KP_SERVER_AUTH,
} from "./object-identifiers.ts";
import { type EcPublicKey, parsePublicKey } from "./public-key.ts";

/** A request with a P-384 key and a few names takes 600 octets. Longer ones are refused unread. */
const CSR_BYTES_MAX = 4_096;
const ATTRIBUTES_MAX = 10;

/** Read, and so far nothing but a claim. */
export interface UnverifiedCsr {
  readonly state: "unverified";
  readonly der: Uint8Array;
  readonly facts: CsrFacts;
  readonly signedDer: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

/** Whoever sent it has the private key. Who that is, is another question. */
export interface VerifiedCsr {
  readonly state: "verified";
  readonly facts: CsrFacts;
}

/** What a request asks for, and with which key. */
export interface CsrFacts {
  readonly publicKey: EcPublicKey;
  /** Absent: the subject has none. */
  readonly commonName?: string;
  /** Asked for as alternative names. */
  readonly dnsNames: readonly string[];
}

/** Refuses a key that is not on P-256 or P-384, and whatever asks for more than an agent's certificate has. */
export function parseCertificateRequest(der: Uint8Array): Result<UnverifiedCsr, string> {
  return parsed(() => {
    if (der.length > CSR_BYTES_MAX) {
      malformed(`a request of ${der.length} octets: expected at most ${CSR_BYTES_MAX}`);
    }
    const outer = readDer(onlyValue(der, DER_TAG.sequence, "the request").contents);
    const signed = outer.next(DER_TAG.sequence, "what is signed");
    const algorithm = readDer(outer.next(DER_TAG.sequence, "the signature's algorithm").contents);
    const signatureAlgorithm = readObjectIdentifier(
      algorithm.next(DER_TAG.objectIdentifier, "the signature's algorithm").contents,
    );
    const signature = readBitString(
      outer.next(DER_TAG.bitString, "the signature").contents,
      "the signature",
    );
    outer.end("the signature");
    return {
      state: "unverified",
      der,
      facts: readFacts(signed.contents),
      signedDer: signed.encoding,
      signatureAlgorithm,
      signature,
    };
  });
}

/** Checks the proof of possession: the signature over the request by the key in it. */
export async function verifyCertificateRequest(
  csr: UnverifiedCsr,
): Promise<Result<VerifiedCsr, string>> {
  const algorithm = signatureAlgorithmByObjectIdentifier(csr.signatureAlgorithm);
  if (algorithm === undefined) {
    return refused(
      `the request is signed with ${csr.signatureAlgorithm}: expected ECDSA with SHA-256 or SHA-384`,
    );
  }
  const problem = await signatureProblem({
    key: csr.facts.publicKey,
    algorithm,
    message: csr.signedDer,
    signature: csr.signature,
  });
  return problem === undefined
    ? ok({ state: "verified", facts: csr.facts })
    : refused(`the request does not prove that its sender has the key: ${problem}`);
}

function readFacts(contents: Uint8Array): CsrFacts {
  const reader = readDer(contents);
  const version = reader.next(DER_TAG.integer, "the request's version");
  if (readSmallInteger(version.contents, "the request's version") !== 0) {
    malformed("the request's version is not 1");
  }
  const subject = reader.next(DER_TAG.sequence, "the subject").encoding;
  const key = parsePublicKey(reader.next(DER_TAG.sequence, "the public key").encoding);
  const attributes = reader.optional(explicitTag(0));
  reader.end("the request's attributes");
  const commonName = readCommonName(subject, "the subject");
  const dnsNames = attributes === undefined ? [] : readAttributes(attributes.contents);
  if (!key.ok) return malformed(key.error);
  return { publicKey: key.value, ...(commonName !== undefined && { commonName }), dnsNames };
}

/** Nothing but a wish for extensions is understood; a challenge password would be a secret in the clear. */
function readAttributes(contents: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (const attribute of allValues(contents, ATTRIBUTES_MAX, "the attributes")) {
    if (attribute.tag !== DER_TAG.sequence) malformed("an attribute is no SEQUENCE");
    const reader = readDer(attribute.contents);
    const type = readObjectIdentifier(
      reader.next(DER_TAG.objectIdentifier, "an attribute's type").contents,
    );
    const values = reader.next(DER_TAG.set, "an attribute's values");
    reader.end("an attribute's values");
    if (type !== ID_EXTENSION_REQUEST) {
      malformed(`the request has the attribute ${type}: expected none but a wish for extensions`);
    }
    const wish = onlyValue(values.contents, DER_TAG.sequence, "the wish for extensions");
    for (const extension of readExtensions(wish.contents)) names.push(...namesWished(extension));
  }
  return names;
}

/** The names that an extension asks for; refuses what no agent's certificate has. */
function namesWished({ objectIdentifier, value }: Extension): readonly string[] {
  switch (objectIdentifier) {
    case ID_CE_SUBJECT_ALT_NAME: {
      const { dnsNames, ipAddresses, others } = readAlternativeNames(value);
      if (ipAddresses.length + others > 0)
        malformed("the request asks for a name that is no DNS name");
      return dnsNames;
    }
    case ID_CE_BASIC_CONSTRAINTS:
      if (readBasicConstraints(value).authority) malformed("the request asks to be an authority");
      return [];
    case ID_CE_KEY_USAGE: {
      const usages = readKeyUsage(value);
      if (usages.includes("keyCertSign") || usages.includes("cRLSign")) {
        malformed("the request asks to sign certificates or revocation lists");
      }
      return [];
    }
    case ID_CE_EXT_KEY_USAGE: {
      const known = [ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH];
      const strange = readExtendedKeyUsage(value).find((purpose) => !known.includes(purpose));
      if (strange !== undefined) malformed(`the request asks for the purpose ${strange}`);
      return [];
    }
    case ID_CE_SUBJECT_KEY_IDENTIFIER:
      return [];
    default:
      return malformed(
        `the request asks for the extension ${objectIdentifier}, which no agent has`,
      );
  }
}
