// The side of whoever is certified: a request for names, signed by the key that it is about. RFC 2986.

import { subjectFor } from "./certificate-plan.ts";
import { explicitTag } from "./der/der-tag.ts";
import {
  encodeBitString,
  encodeDer,
  encodeSequence,
  encodeSet,
  encodeSmallInteger,
} from "./der/der-writer.ts";
import { encodeObjectIdentifier } from "./der/object-identifier.ts";
import { encodeName } from "./distinguished-name.ts";
import { encodeSignatureAlgorithm } from "./ecdsa-signature.ts";
import { encodeAlternativeNames, encodeExtension } from "./extension.ts";
import type { Signer } from "./key-pair.ts";
import { ID_CE_SUBJECT_ALT_NAME, ID_EXTENSION_REQUEST } from "./object-identifiers.ts";

/** DER; the first name is the subject's. Without names the authority knows who asks, and names the certificate itself. */
export async function createCertificateRequest(
  signer: Signer,
  ...dnsNames: readonly string[]
): Promise<Uint8Array> {
  const signedDer = encodeSequence(
    encodeSmallInteger(0),
    encodeName(subjectFor(dnsNames)),
    signer.publicKey.der,
    encodeDer(explicitTag(0), ...(dnsNames.length === 0 ? [] : [encodeWish(dnsNames)])),
  );
  return encodeSequence(
    signedDer,
    encodeSignatureAlgorithm(signer.algorithm),
    encodeBitString(await signer.sign(signedDer)),
  );
}

function encodeWish(dnsNames: readonly string[]): Uint8Array {
  const names = encodeExtension({
    objectIdentifier: ID_CE_SUBJECT_ALT_NAME,
    critical: false,
    value: encodeAlternativeNames({ dnsNames, ipAddresses: [] }),
  });
  return encodeSequence(
    encodeObjectIdentifier(ID_EXTENSION_REQUEST),
    encodeSet(encodeSequence(names)),
  );
}
