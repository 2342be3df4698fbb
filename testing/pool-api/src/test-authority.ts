// A certificate authority for tests: a root, an issuing one below it, and certificates of any life for anybody.

import { type IpAddress, systemRandom, type UnixNs } from "@truechimer/base";
import {
  AGENT_PROFILE,
  type CertificateProfile,
  createSerialNumber,
  type ExportableKeyPair,
  encodeName,
  encodePem,
  generateExportableKeyPair,
  generateSigner,
  ISSUING_PROFILE,
  type IssuerFacts,
  importSigner,
  issueCertificate,
  keyIdentifierOf,
  parseCertificateRequest,
  privateKeyPem,
  ROOT_PROFILE,
  SERVER_PROFILE,
  type Signer,
  signatureAlgorithmFor,
  subjectFor,
  type Validity,
  verifyCertificateRequest,
} from "@truechimer/pki";

export interface IssuedPair {
  /** The certificate, then its issuer's. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface TestAuthority {
  readonly rootPem: string;
  readonly rootDer: Uint8Array;
  /** With a key made here, as the NTP Pool's control plane does. */
  issueAgent(wanted: { readonly name: string } & Validity): Promise<IssuedPair>;
  /** Over the key of a request. Refused requests throw. */
  issueOverRequest(
    wanted: { readonly name: string; readonly csrDer: Uint8Array } & Validity,
  ): Promise<string>;
  issueServer(
    wanted: {
      readonly names: readonly string[];
      readonly addresses: readonly IpAddress[];
    } & Validity,
  ): Promise<IssuedPair>;
}

const SECOND_NS = 1_000_000_000n;
const DAY_NS = 86_400n * SECOND_NS;
const YEAR_NS = 365n * DAY_NS;

interface Authority {
  readonly facts: IssuerFacts;
  readonly signer: Signer;
  readonly der: Uint8Array;
}

export async function createTestAuthority(nowNs: UnixNs): Promise<TestAuthority> {
  const root = await createAuthority({ profile: ROOT_PROFILE, nowNs, lifeNs: 20n * YEAR_NS });
  const issuing = await createAuthority({
    profile: ISSUING_PROFILE,
    nowNs,
    lifeNs: 9n * YEAR_NS,
    parent: root,
  });
  const throwAwaySigner = await generateSigner("P-256");
  const issue = async (
    profile: CertificateProfile,
    wanted: Subject & Validity,
  ): Promise<string> => {
    const { publicKey, names, addresses } = wanted;
    const certificate = await issueCertificate({
      plan: {
        profile,
        serial: createSerialNumber(systemRandom),
        subject: subjectFor(names),
        dnsNames: names,
        ipAddresses: addresses,
        publicKey,
        validity: wholeSeconds(wanted),
        issuer: issuing.facts,
      },
      signer: issuing.signer,
      throwAwaySigner,
    });
    return encodePem("CERTIFICATE", certificate.der) + encodePem("CERTIFICATE", issuing.der);
  };
  return {
    rootDer: root.der,
    rootPem: encodePem("CERTIFICATE", root.der),
    issueAgent: async ({ name, ...validity }) => {
      const pair = await generateExportableKeyPair("P-256");
      const subject = { publicKey: pair.publicKey, names: [name], addresses: [] };
      return {
        certificatePem: await issue(AGENT_PROFILE, { ...subject, ...validity }),
        keyPem: privateKeyPem(pair.privateKeyDer),
      };
    },
    issueOverRequest: async ({ name, csrDer, ...validity }) => {
      const publicKey = await requestedKey(csrDer);
      return issue(AGENT_PROFILE, { publicKey, names: [name], addresses: [], ...validity });
    },
    issueServer: async ({ names, addresses, ...validity }) => {
      const pair = await generateExportableKeyPair("P-256");
      const chain = await issue(SERVER_PROFILE, {
        publicKey: pair.publicKey,
        names,
        addresses,
        ...validity,
      });
      return {
        certificatePem: chain + encodePem("CERTIFICATE", root.der),
        keyPem: privateKeyPem(pair.privateKeyDer),
      };
    },
  };
}

interface Subject {
  readonly publicKey: ExportableKeyPair["publicKey"];
  readonly names: readonly string[];
  readonly addresses: readonly IpAddress[];
}

async function requestedKey(csrDer: Uint8Array): Promise<ExportableKeyPair["publicKey"]> {
  const parsed = parseCertificateRequest(csrDer);
  const verified = parsed.ok ? await verifyCertificateRequest(parsed.value) : parsed;
  if (!verified.ok) throw new Error(`the request is refused: ${verified.error}`);
  return verified.value.facts.publicKey;
}

interface NewAuthority {
  readonly profile: CertificateProfile;
  readonly nowNs: UnixNs;
  readonly lifeNs: bigint;
  /** Absent: it signs itself. */
  readonly parent?: Authority;
}

async function createAuthority({
  profile,
  nowNs,
  lifeNs,
  parent,
}: NewAuthority): Promise<Authority> {
  const curve = profile.curves[0] ?? "P-256";
  const pair = await generateExportableKeyPair(curve);
  const own = await importSigner(pair.privateKeyDer, pair.publicKey);
  const subject = { organization: "Truechimer tests", commonName: `${profile.name} of a test` };
  const validity = wholeSeconds({
    notBeforeNs: nowNs - YEAR_NS,
    notAfterNs: nowNs - YEAR_NS + lifeNs,
  });
  const facts: IssuerFacts = {
    subjectDer: encodeName(subject),
    keyIdentifier: await keyIdentifierOf(pair.publicKey),
    algorithm: signatureAlgorithmFor(curve),
    notAfterNs: validity.notAfterNs,
  };
  const signer = parent?.signer ?? own;
  const certificate = await issueCertificate({
    plan: {
      profile,
      serial: createSerialNumber(systemRandom),
      subject,
      dnsNames: [],
      ipAddresses: [],
      publicKey: pair.publicKey,
      validity,
      issuer: parent?.facts ?? facts,
    },
    signer,
    throwAwaySigner: await generateSigner(signer.publicKey.curve.name),
  });
  return { facts, signer: own, der: certificate.der };
}

function wholeSeconds({ notBeforeNs, notAfterNs }: Validity): Validity {
  return {
    notBeforeNs: notBeforeNs - (notBeforeNs % SECOND_NS),
    notAfterNs: notAfterNs - (notAfterNs % SECOND_NS),
  };
}
