// Whether a certificate hangs from something that is trusted, at an instant. RFC 5280, section 6.1, for chains like
// ours: elliptic curve signatures, no policies, no name constraints. An extension that is critical and not understood
// here refuses the chain.

import { ok, type Result, refused, type UnixNs } from "@truechimer/base";
import type { Certificate } from "./certificate.ts";
import { signatureAlgorithmByObjectIdentifier, signatureProblem } from "./ecdsa-signature.ts";
import {
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
} from "./object-identifiers.ts";
import { equalBytes } from "./octets.ts";
import { parsePublicKey } from "./public-key.ts";

/** Certificates between the end and the root. Ours have one. */
const INTERMEDIATES_MAX = 4;
/** Certificates that are looked at to find a chain, however many were sent. */
const CANDIDATES_MAX = 10;

/** What a peer showed, what is trusted, and when. */
export interface ChainToVerify {
  readonly leaf: Certificate;
  /** May belong to the chain; nothing is believed because it stands here. */
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly nowNs: UnixNs;
}

/** From the leaf to the root. The error says what is wrong, for people. */
export async function verifyChain(
  chain: ChainToVerify,
): Promise<Result<readonly Certificate[], string>> {
  const path: Certificate[] = [chain.leaf];
  const ownProblem = certificateProblem(chain.leaf, chain.nowNs);
  if (ownProblem !== undefined) return refused(ownProblem);
  const candidates = [...chain.roots, ...chain.intermediates.slice(0, CANDIDATES_MAX)];
  for (let below = chain.leaf; path.length <= INTERMEDIATES_MAX + 1; ) {
    const issuer = await issuerOf(below, candidates, path.length - 1, chain.nowNs);
    if (!issuer.ok) return issuer;
    path.push(issuer.value);
    if (chain.roots.includes(issuer.value)) return ok(path);
    below = issuer.value;
  }
  return refused(`the chain has more than ${INTERMEDIATES_MAX} authorities below the root`);
}

/** `authoritiesBelow`: how many authorities the path holds that already hang below. */
async function issuerOf(
  certificate: Certificate,
  candidates: readonly Certificate[],
  authoritiesBelow: number,
  nowNs: UnixNs,
): Promise<Result<Certificate, string>> {
  let problem = `it was issued by ${certificate.issuerCommonName ?? "an authority without a name"}, which is not one of ours`;
  for (const candidate of candidates) {
    if (!namesIssuer(certificate, candidate)) continue;
    const found =
      certificateProblem(candidate, nowNs) ??
      authorityProblem(candidate, authoritiesBelow) ??
      (await certificateSignatureProblem(certificate, candidate));
    if (found === undefined) return ok(candidate);
    problem = found;
  }
  return refused(problem);
}

function namesIssuer(certificate: Certificate, candidate: Certificate): boolean {
  if (!equalBytes(certificate.issuerDer, candidate.subjectDer)) return false;
  const { authorityKeyIdentifier } = certificate;
  const { subjectKeyIdentifier } = candidate;
  return (
    authorityKeyIdentifier === undefined ||
    subjectKeyIdentifier === undefined ||
    equalBytes(authorityKeyIdentifier, subjectKeyIdentifier)
  );
}

/** What of extensions this file looks at; the key identifiers are never critical. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
]);

function certificateProblem(certificate: Certificate, nowNs: UnixNs): string | undefined {
  const name = certificate.subjectCommonName ?? `serial ${certificate.serial}`;
  if (nowNs < certificate.notBeforeNs) return `the certificate of ${name} is not valid yet`;
  // The last second belongs to the life.
  if (nowNs >= certificate.notAfterNs + 1_000_000_000n) {
    return `the certificate of ${name} has expired`;
  }
  if (certificate.signatureAlgorithm !== certificate.signedAlgorithm) {
    return `the certificate of ${name} names two signature algorithms`;
  }
  const strange = certificate.extensions.find(
    ({ critical, objectIdentifier }) => critical && !UNDERSTOOD.has(objectIdentifier),
  );
  return strange === undefined
    ? undefined
    : `the certificate of ${name} has a critical extension ${strange.objectIdentifier} that is not understood`;
}

function authorityProblem(
  { basicConstraints, keyUsage, subjectCommonName }: Certificate,
  authoritiesBelow: number,
): string | undefined {
  const name = subjectCommonName ?? "the issuer";
  if (basicConstraints?.authority !== true) return `${name} is no authority`;
  if (keyUsage?.includes("keyCertSign") === false) return `${name} may not sign certificates`;
  const { pathLength } = basicConstraints;
  return pathLength !== undefined && pathLength < authoritiesBelow
    ? `the chain below ${name} is longer than it allows`
    : undefined;
}

/** Absent: `issuer` signed it. */
async function certificateSignatureProblem(
  certificate: Certificate,
  issuer: Certificate,
): Promise<string | undefined> {
  const algorithm = signatureAlgorithmByObjectIdentifier(certificate.signatureAlgorithm);
  if (algorithm === undefined) {
    return `it is signed with ${certificate.signatureAlgorithm}: expected ECDSA with SHA-256 or SHA-384`;
  }
  const key = parsePublicKey(issuer.publicKeyDer);
  if (!key.ok) return key.error;
  return signatureProblem({
    key: key.value,
    algorithm,
    message: certificate.signedDer,
    signature: certificate.signature,
  });
}
