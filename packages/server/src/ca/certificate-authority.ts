// The built-in certificate authority: a persistent root and an issuing authority below it, shared by all replicas
// through the database, their keys sealed with the master key. A certificate's serial number is stored, then a draft
// under a throw-away key is linted, then it is signed, then it is stored: docs/issuance.md.

import {
  AppError,
  type Clock,
  type IpAddress,
  ok,
  parseIpAddress,
  type Random,
  type Result,
  refused,
  type UnixNs,
} from "@truechimer/base";
import type { Database } from "@truechimer/database";
import {
  AGENT_PROFILE,
  type Certificate,
  type CertificateProfile,
  createSerialNumber,
  type EcPublicKey,
  encodePem,
  generateExportableKeyPair,
  hexFromBytes,
  issueCertificate,
  keyIdentifierOf,
  type MonitorEnvironment,
  parseCertificate,
  parseCertificateRequest,
  parseMonitorName,
  privateKeyPem,
  SERVER_PROFILE,
  sha256,
  subjectFor,
  type VerifiedCsr,
  validityFor,
  verifyAgentCertificate,
  verifyCertificateRequest,
} from "@truechimer/pki";
import type { AgentSettings } from "../agent-settings.ts";
import type { ClientIdentity } from "../http/client-identity.ts";
import { type Authorities, type AuthorityWorld, loadAuthorities } from "./authorities.ts";
import {
  certificateStands,
  lookUpCertificate,
  reserveCertificate,
  revokeCertificatesOf,
  storeCertificate,
} from "./certificate-ledger.ts";
import { createSeal } from "./seal.ts";

export interface IssuedCertificate {
  /** Canonical: lower-case hexadecimal digits, two an octet, without leading zero octets. */
  readonly serial: string;
  /** The certificate, then its issuer's. */
  readonly certificatePem: string;
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
  /** SHA-256 over the certificate's DER, as lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

export interface IssuedKeyPair extends IssuedCertificate {
  /** PKCS #8. Ours only to hand over: it is neither stored nor logged. */
  readonly keyPem: string;
}

export interface CertificateAuthority {
  /** What agents trust. */
  rootPem(): Promise<string>;
  /** SHA-256 over the root certificate's DER, as lower-case hexadecimal digits. */
  rootFingerprint(): Promise<string>;
  /** Of the request only the public key is used; its names, if it has any, must be the agent's. */
  issueAgentCertificate(request: {
    readonly tlsName: string;
    readonly csrDer: Uint8Array;
  }): Promise<Result<IssuedCertificate, string>>;
  /** For the NTP Pool's agents, which are given their key. Fails with bad_request for a name that is no agent's. */
  issueAgentCertificateWithKey(request: { readonly tlsName: string }): Promise<IssuedKeyPair>;
  /** Of a listener of ours. Fails with config_bad_value for what can be no certificate's name. */
  issueServerCertificate(request: {
    readonly dnsNames: readonly string[];
    readonly ipAddresses: readonly string[];
  }): Promise<IssuedKeyPair>;
  /** All that the agent has; they are refused from then on, by other replicas within seconds. */
  revokeAgentCertificates(request: { readonly tlsName: string }): Promise<void>;
  /** The chain as it was sent, the agent's own certificate first. The error says what is wrong with it. */
  verifyAgentCertificate(
    chainDer: readonly Uint8Array[],
    nowNs: UnixNs,
  ): Promise<Result<ClientIdentity, string>>;
  /** Whether a certificate that was verified before is still good to the ledger: not revoked. */
  stands(serial: string): Promise<boolean>;
}

export interface CertificateAuthorityOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly agents: Pick<AgentSettings, "monitorDomain" | "environment" | "certificateLifetimeMs">;
  /** Default: a week. */
  readonly serverLifetimeMs?: number;
}

const SERVER_LIFETIME_MS = 7 * 86_400_000;
/** How long another replica's new issuing authority may go unnoticed. */
const AUTHORITIES_SEEN_NS = 600_000_000_000n;
/** A host name in lower case, without wildcard. RFC 1034, section 3.5. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Nothing is read or made before the first call. */
export function createCertificateAuthority(
  options: CertificateAuthorityOptions,
): CertificateAuthority {
  const world: IssuingWorld = { ...options, authorities: createAuthorityCache(options) };
  return {
    rootPem: async () => encodePem("CERTIFICATE", (await world.authorities()).root.certificate.der),
    rootFingerprint: async () => {
      const { root } = await world.authorities();
      return hexFromBytes(await sha256(root.certificate.der));
    },
    issueAgentCertificate: async ({ tlsName, csrDer }) => {
      const name = agentName(world, tlsName);
      if (!name.ok) return name;
      const csr = await provenRequest(csrDer, name.value);
      if (!csr.ok) return csr;
      return ok(await issue(world, forAgent(world, name.value, csr.value.facts.publicKey)));
    },
    issueAgentCertificateWithKey: async ({ tlsName }) => {
      const name = agentName(world, tlsName);
      if (!name.ok) throw new AppError("bad_request", name.error);
      const pair = await generateExportableKeyPair("P-256");
      const issued = await issue(world, forAgent(world, name.value, pair.publicKey));
      return { ...issued, keyPem: privateKeyPem(pair.privateKeyDer) };
    },
    issueServerCertificate: async (request) => {
      const names = serverNames(request);
      const pair = await generateExportableKeyPair("P-256");
      const issued = await issue(world, {
        ...names,
        profile: SERVER_PROFILE,
        tlsName: null,
        publicKey: pair.publicKey,
        lifetimeMs: options.serverLifetimeMs ?? SERVER_LIFETIME_MS,
      });
      return { ...issued, keyPem: privateKeyPem(pair.privateKeyDer) };
    },
    revokeAgentCertificates: async ({ tlsName }) => {
      await revokeCertificatesOf(world.database, tlsName.toLowerCase());
    },
    verifyAgentCertificate: (chainDer, nowNs) => verifyAgent(world, chainDer, nowNs),
    stands: (serial) => certificateStands(world.database, serial),
  };
}

interface IssuingWorld extends CertificateAuthorityOptions {
  readonly authorities: () => Promise<Authorities>;
}

/** Read once, and again now and then; a failure is not remembered. */
function createAuthorityCache(options: CertificateAuthorityOptions): () => Promise<Authorities> {
  const { clock, database, random, masterKey } = options;
  const world: AuthorityWorld = {
    database,
    clock,
    random,
    seal: createSeal({ masterKey, random }),
  };
  let loading: Promise<Authorities> | undefined;
  let loadedAtNs = 0n;
  return () => {
    if (loading !== undefined && clock.monotonicNs() - loadedAtNs < AUTHORITIES_SEEN_NS) {
      return loading;
    }
    loadedAtNs = clock.monotonicNs();
    loading = loadAuthorities(world).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

/** In lower case, of our domain and our environment. */
function agentName({ agents }: IssuingWorld, tlsName: string): Result<string, string> {
  const name = parseMonitorName(tlsName, agents.monitorDomain);
  if (!name.ok) return name;
  const problem = environmentProblem(name.value.environment, agents.environment);
  return problem === undefined ? ok(name.value.name) : refused(problem);
}

function environmentProblem(
  found: MonitorEnvironment,
  ours: MonitorEnvironment,
): string | undefined {
  return found === ours
    ? undefined
    : `the name is of the environment ${found}: this control plane is ${ours}`;
}

async function provenRequest(
  csrDer: Uint8Array,
  tlsName: string,
): Promise<Result<VerifiedCsr, string>> {
  const csr = parseCertificateRequest(csrDer);
  if (!csr.ok) return csr;
  const { commonName, dnsNames } = csr.value.facts;
  const named = [...dnsNames, ...(commonName === undefined ? [] : [commonName])];
  const other = named.find((name) => name.toLowerCase() !== tlsName);
  if (other !== undefined) {
    return refused(
      `the request asks for the name "${other.slice(0, 100)}": the agent's is ${tlsName}`,
    );
  }
  return verifyCertificateRequest(csr.value);
}

interface Wanted {
  readonly profile: CertificateProfile<"agent" | "server">;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly IpAddress[];
  readonly tlsName: string | null;
  readonly publicKey: EcPublicKey;
  readonly lifetimeMs: number;
}

function forAgent({ agents }: IssuingWorld, name: string, publicKey: EcPublicKey): Wanted {
  return {
    profile: AGENT_PROFILE,
    dnsNames: [name],
    ipAddresses: [],
    tlsName: name,
    publicKey,
    lifetimeMs: agents.certificateLifetimeMs,
  };
}

function serverNames(request: {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}): Pick<Wanted, "dnsNames" | "ipAddresses"> {
  const dnsNames = request.dnsNames.map((name) => name.toLowerCase());
  const bad = dnsNames.find((name) => !HOST_NAME.test(name));
  if (bad !== undefined) {
    throw new AppError(
      "config_bad_value",
      `"${bad.slice(0, 100)}" cannot be the name of a server's certificate: expected a host name such as "agents.example.net"`,
    );
  }
  const ipAddresses = request.ipAddresses.map((text) => {
    const address = parseIpAddress(text);
    if (!address.ok) throw new AppError("config_bad_value", address.error);
    return address.value;
  });
  return { dnsNames, ipAddresses };
}

/** Store the serial, lint a draft, sign, store the certificate: in this order, each committed before the next. */
async function issue(world: IssuingWorld, wanted: Wanted): Promise<IssuedCertificate> {
  const { issuing, throwAwaySigner } = await world.authorities();
  const { profile, dnsNames, ipAddresses, publicKey, tlsName } = wanted;
  const validity = validityFor({
    profile,
    nowNs: world.clock.nowNs(),
    lifetimeMs: wanted.lifetimeMs,
    issuerNotAfterNs: issuing.facts.notAfterNs,
  });
  if (!validity.ok) throw new AppError("config_bad_value", validity.error);
  const serial = createSerialNumber(world.random);
  await reserveCertificate(world.database, {
    serial,
    authorityId: issuing.id,
    profile: profile.name,
    names: [...dnsNames, ...ipAddresses.map(({ text }) => text)],
    tlsName,
    keyIdentifier: await keyIdentifierOf(publicKey),
    validity: validity.value,
  });
  const certificate = await issueCertificate({
    plan: {
      profile,
      serial,
      subject: subjectFor(dnsNames),
      dnsNames,
      ipAddresses,
      publicKey,
      validity: validity.value,
      issuer: issuing.facts,
    },
    signer: issuing.signer,
    throwAwaySigner,
  });
  const fingerprint = await sha256(certificate.der);
  await storeCertificate(world.database, certificate, fingerprint);
  return issuedCertificate(certificate, issuing.certificate, fingerprint);
}

function issuedCertificate(
  certificate: Certificate,
  issuer: Certificate,
  fingerprint: Uint8Array,
): IssuedCertificate {
  return {
    serial: certificate.serial,
    certificatePem:
      encodePem("CERTIFICATE", certificate.der) + encodePem("CERTIFICATE", issuer.der),
    notBeforeNs: certificate.notBeforeNs,
    notAfterNs: certificate.notAfterNs,
    fingerprint: hexFromBytes(fingerprint),
  };
}

/** Only the first certificate is looked at: the others of its chain are ours, and we have them. */
async function verifyAgent(
  world: IssuingWorld,
  chainDer: readonly Uint8Array[],
  nowNs: UnixNs,
): Promise<Result<ClientIdentity, string>> {
  const [leafDer] = chainDer;
  if (leafDer === undefined) return refused("no certificate was sent");
  const leaf = parseCertificate(leafDer);
  if (!leaf.ok) return leaf;
  const { trusted } = await world.authorities();
  const { monitorDomain, environment } = world.agents;
  const name = await verifyAgentCertificate({
    leaf: leaf.value,
    intermediates: [],
    roots: trusted,
    nowNs,
    monitorDomain,
  });
  if (!name.ok) return name;
  const problem = environmentProblem(name.value.environment, environment);
  if (problem !== undefined) return refused(problem);
  const { serial, notAfterNs } = leaf.value;
  const answer = await lookUpCertificate(world.database, serial, await sha256(leafDer));
  if (answer === "revoked") return refused(`the certificate ${serial} was revoked`);
  if (answer === "unknown") {
    return refused(
      `the certificate ${serial} is not in this control plane's ledger: enrol the agent again`,
    );
  }
  return ok({ tlsName: name.value.name, serial, notAfterNs });
}
