// What we make, openssl accepts; what openssl makes, we certify.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@truechimer/base";
import {
  AGENT_PROFILE,
  type Certificate,
  type CertificatePlan,
  createCertificateRequest,
  createSerialNumber,
  type EcPublicKey,
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
  subjectFor,
  validityFor,
  verifyCertificateRequest,
} from "@truechimer/pki";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openssl, opensslAvailable } from "./_openssl.ts";

const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";
const YEAR_MS = 365 * 86_400_000;
const LIFETIMES_MS = { root: 20 * YEAR_MS, issuing: 5 * YEAR_MS, agent: 600_000, server: 600_000 };

describe.skipIf(!opensslAvailable())("openssl", () => {
  let directory: string;
  let agentFor: (publicKey: EcPublicKey) => Promise<Certificate>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "truechimer-openssl-"));
    agentFor = await createAuthorities(directory);
  });
  afterAll(() => rm(directory, { recursive: true }));

  const keep = (name: string, certificate: Certificate): Promise<void> =>
    writeFile(join(directory, name), encodePem("CERTIFICATE", certificate.der));

  const verify = (purpose: string, ...more: readonly string[]): Promise<string> =>
    openssl(
      directory,
      ["verify", "-x509_strict", "-purpose", purpose].concat([
        "-CAfile",
        "root.pem",
        "-untrusted",
        "issuing.pem",
        ...more,
        "agent.pem",
      ]),
    );

  test.each(["sslclient", "sslserver"])(
    "accepts our chain, by its strictest rules, for the purpose %s",
    async (purpose) => {
      await keep("agent.pem", await agentFor((await generateSigner("P-256")).publicKey));
      expect(await verify(purpose, "-verify_hostname", NAME)).toContain("agent.pem: OK");
    },
  );

  test("does not accept it under another name, or without the issuing authority", async () => {
    await keep("agent.pem", await agentFor((await generateSigner("P-256")).publicKey));
    await expect(verify("sslserver", "-verify_hostname", "other.example.net")).rejects.toThrow(
      /hostname mismatch/i,
    );
    await expect(
      openssl(directory, ["verify", "-CAfile", "root.pem", "agent.pem"]),
    ).rejects.toThrow(/unable to get local issuer/i);
  });

  test.each(["P-256", "P-384"] as const)("verifies our request with a %s key", async (curve) => {
    const request = await createCertificateRequest(await generateSigner(curve), NAME);
    await writeFile(join(directory, "own.der"), request);
    const text = await openssl(
      directory,
      "req -inform DER -in own.der -noout -verify -text".split(" "),
    );
    expect(text).toMatch(/verify OK/);
    expect(text).toContain(`DNS:${NAME}`);
  });

  test.each([
    { curve: "P-256", name: "prime256v1" },
    { curve: "P-384", name: "secp384r1" },
  ])(
    "makes a $curve request that we certify, and its key fits the certificate",
    async ({ name }) => {
      const args = `-new -newkey ec -pkeyopt ec_paramgen_curve:${name} -nodes -keyout key.pem -outform DER -out req.der`;
      await openssl(directory, ["req", ...args.split(" "), "-subj", `/CN=${NAME}`]);
      const csr = parseCertificateRequest(await readFile(join(directory, "req.der")));
      if (!csr.ok) throw new Error(csr.error);
      const verified = await verifyCertificateRequest(csr.value);
      if (!verified.ok) throw new Error(verified.error);
      await keep("agent.pem", await agentFor(verified.value.facts.publicKey));
      expect(await verify("sslclient")).toContain("OK");
      const ofKey = await openssl(directory, ["pkey", "-in", "key.pem", "-pubout"]);
      const ofCertificate = await openssl(directory, [
        "x509",
        "-in",
        "agent.pem",
        "-noout",
        "-pubkey",
      ]);
      expect(ofCertificate).toBe(ofKey);
    },
  );

  test("reads the private keys that we write", async () => {
    const pair = await generateExportableKeyPair("P-256");
    await writeFile(join(directory, "ours.pem"), privateKeyPem(pair.privateKeyDer), {
      mode: 0o600,
    });
    const text = await openssl(directory, ["pkey", "-in", "ours.pem", "-noout", "-check", "-text"]);
    expect(text).toMatch(/Key is valid/);
    const signer = await importSigner(pair.privateKeyDer, pair.publicKey);
    expect((await signer.sign(new Uint8Array(3))).length).toBeGreaterThan(60);
  });
});

/** Writes root.pem and issuing.pem. Gives what certifies an agent's key. */
async function createAuthorities(
  directory: string,
): Promise<(publicKey: EcPublicKey) => Promise<Certificate>> {
  const rootSigner = await generateSigner("P-384");
  const issuingSigner = await generateSigner("P-256");
  const planOf = (
    profile: CertificatePlan["profile"],
    plan: Pick<CertificatePlan, "subject" | "publicKey" | "dnsNames"> & {
      readonly issuer: Omit<IssuerFacts, "notAfterNs">;
    },
  ): CertificatePlan => {
    const validity = validityFor({
      profile,
      nowNs: systemClock.nowNs(),
      lifetimeMs: LIFETIMES_MS[profile.name],
    });
    if (!validity.ok) throw new Error(validity.error);
    return {
      ...plan,
      profile,
      serial: createSerialNumber(systemRandom),
      ipAddresses: [],
      validity: validity.value,
      issuer: { ...plan.issuer, notAfterNs: validity.value.notAfterNs },
    };
  };
  const rootName = { organization: "Test", commonName: "Test root" };
  const rootFacts = {
    subjectDer: encodeName(rootName),
    keyIdentifier: await keyIdentifierOf(rootSigner.publicKey),
    algorithm: rootSigner.algorithm,
  };
  const throwAway = await generateSigner("P-256");
  const root = await issueCertificate({
    plan: planOf(ROOT_PROFILE, {
      subject: rootName,
      publicKey: rootSigner.publicKey,
      dnsNames: [],
      issuer: rootFacts,
    }),
    signer: rootSigner,
    throwAwaySigner: throwAway,
  });
  const issuing = await issueCertificate({
    plan: planOf(ISSUING_PROFILE, {
      subject: { commonName: "Test issuing" },
      publicKey: issuingSigner.publicKey,
      dnsNames: [],
      issuer: rootFacts,
    }),
    signer: rootSigner,
    throwAwaySigner: throwAway,
  });
  await writeFile(join(directory, "root.pem"), encodePem("CERTIFICATE", root.der));
  await writeFile(join(directory, "issuing.pem"), encodePem("CERTIFICATE", issuing.der));
  return async (publicKey) =>
    issueCertificate({
      plan: planOf(AGENT_PROFILE, {
        subject: subjectFor([NAME]),
        publicKey,
        dnsNames: [NAME],
        issuer: {
          subjectDer: issuing.subjectDer,
          keyIdentifier: await keyIdentifierOf(issuingSigner.publicKey),
          algorithm: issuingSigner.algorithm,
        },
      }),
      signer: issuingSigner,
      throwAwaySigner: throwAway,
    });
}
