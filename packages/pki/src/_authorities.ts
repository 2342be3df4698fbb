// A root, an issuing authority and plans for tests of this package.

import { systemRandom, type UnixNs } from "@truechimer/base";
import type { Certificate } from "./certificate.ts";
import type { CertificatePlan } from "./certificate-plan.ts";
import { encodeName } from "./distinguished-name.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { generateSigner, type Signer } from "./key-pair.ts";
import { AGENT_PROFILE, ISSUING_PROFILE, ROOT_PROFILE, validityFor } from "./profile.ts";
import { keyIdentifierOf } from "./public-key.ts";
import { createSerialNumber } from "./serial-number.ts";

const NOW_NS: UnixNs = 1_795_000_000_000_000_000n;
const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";
const YEAR_MS = 365 * 86_400_000;
const DAY_MS = 86_400_000;

export interface TestAuthorities {
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly issuingSigner: Signer;
  readonly throwAwaySigner: Signer;
  /** Of an agent with a key of its own. */
  readonly agentPlan: CertificatePlan;
}

export async function createTestAuthorities(): Promise<TestAuthorities> {
  const rootSigner = await generateSigner("P-384");
  const subject = { organization: "Test", commonName: "Test root" };
  const rootValidity = validityOf({ profile: ROOT_PROFILE, lifetimeMs: 20 * YEAR_MS });
  const rootFacts = {
    subjectDer: encodeName(subject),
    keyIdentifier: await keyIdentifierOf(rootSigner.publicKey),
    algorithm: rootSigner.algorithm,
    notAfterNs: rootValidity.notAfterNs,
  };
  const common = { dnsNames: [], ipAddresses: [] };
  const rootThrowAway = await generateSigner("P-384");
  const root = await issueCertificate({
    plan: {
      ...common,
      profile: ROOT_PROFILE,
      serial: createSerialNumber(systemRandom),
      subject,
      publicKey: rootSigner.publicKey,
      validity: rootValidity,
      issuer: rootFacts,
    },
    signer: rootSigner,
    throwAwaySigner: rootThrowAway,
  });
  const issuingSigner = await generateSigner("P-256");
  const issuingName = { commonName: "Test issuing" };
  const validity = validityOf({ profile: ISSUING_PROFILE, lifetimeMs: 5 * YEAR_MS });
  const issuing = await issueCertificate({
    plan: {
      ...common,
      profile: ISSUING_PROFILE,
      serial: createSerialNumber(systemRandom),
      subject: issuingName,
      publicKey: issuingSigner.publicKey,
      validity,
      issuer: rootFacts,
    },
    signer: rootSigner,
    throwAwaySigner: rootThrowAway,
  });
  return {
    root,
    issuing,
    issuingSigner,
    throwAwaySigner: await generateSigner("P-256"),
    agentPlan: {
      profile: AGENT_PROFILE,
      serial: createSerialNumber(systemRandom),
      subject: { commonName: NAME },
      dnsNames: [NAME],
      ipAddresses: [],
      publicKey: (await generateSigner("P-256")).publicKey,
      validity: validityOf({ profile: AGENT_PROFILE, lifetimeMs: 30 * DAY_MS }),
      issuer: {
        subjectDer: issuing.subjectDer,
        keyIdentifier: await keyIdentifierOf(issuingSigner.publicKey),
        algorithm: issuingSigner.algorithm,
        notAfterNs: issuing.notAfterNs,
      },
    },
  };
}

function validityOf(
  wanted: Pick<Parameters<typeof validityFor>[0], "profile" | "lifetimeMs">,
): CertificatePlan["validity"] {
  const validity = validityFor({ ...wanted, nowNs: NOW_NS });
  if (!validity.ok) throw new Error(validity.error);
  return validity.value;
}
