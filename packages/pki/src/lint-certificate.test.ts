// Every lint finds what it is for: the certificate is right, and the plan that it is held against asks for another.

import { describe, expect, test } from "vitest";
import { createTestAuthorities } from "./_authorities.ts";
import { parseCertificate } from "./certificate.ts";
import { type CertificatePlan, encodeCertificate, encodeSignedPart } from "./certificate-plan.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { generateSigner } from "./key-pair.ts";
import { LINTS, lintCertificate } from "./lint-certificate.ts";
import { ECDSA_WITH_SHA384 } from "./object-identifiers.ts";
import { AGENT_PROFILE, ISSUING_PROFILE, SERVER_PROFILE } from "./profile.ts";

const { agentPlan: plan, issuingSigner, throwAwaySigner } = await createTestAuthorities();
const certificate = await issueCertificate({ plan, signer: issuingSigner, throwAwaySigner });
const otherKey = (await generateSigner("P-256")).publicKey;
const p384Key = (await generateSigner("P-384")).publicKey;
const SECOND_NS = 1_000_000_000n;

test("a certificate as planned has no findings", async () => {
  expect(await lintCertificate(certificate, plan)).toEqual([]);
});

test("each lint names its paragraph, and its name is its own", () => {
  for (const { source } of LINTS) expect(source).toMatch(/^RFC \d{4}, section [\d.]+$/);
  expect(new Set(LINTS.map(({ name }) => name)).size).toBe(LINTS.length);
});

const OTHER_PLANS: readonly { readonly lint: string; readonly other: CertificatePlan }[] = [
  { lint: "serial-number", other: { ...plan, serial: "01" } },
  {
    lint: "signature-algorithm",
    other: {
      ...plan,
      issuer: {
        ...plan.issuer,
        algorithm: { objectIdentifier: ECDSA_WITH_SHA384, hash: "SHA-384" },
      },
    },
  },
  {
    lint: "issuer",
    other: { ...plan, issuer: { ...plan.issuer, subjectDer: Uint8Array.of(0x30, 0) } },
  },
  {
    lint: "validity",
    other: {
      ...plan,
      validity: { ...plan.validity, notAfterNs: plan.validity.notAfterNs + SECOND_NS },
    },
  },
  {
    lint: "validity",
    other: {
      ...plan,
      issuer: { ...plan.issuer, notAfterNs: plan.validity.notAfterNs - SECOND_NS },
    },
  },
  {
    lint: "validity",
    other: { ...plan, profile: { ...AGENT_PROFILE, lifetimeMsMax: 86_400_000 } },
  },
  { lint: "subject", other: { ...plan, subject: { commonName: "other" } } },
  { lint: "public-key", other: { ...plan, publicKey: otherKey } },
  { lint: "public-key", other: { ...plan, profile: { ...AGENT_PROFILE, curves: ["P-384"] } } },
  {
    lint: "authority-key-identifier",
    other: { ...plan, issuer: { ...plan.issuer, keyIdentifier: new Uint8Array(20) } },
  },
  { lint: "subject-key-identifier", other: { ...plan, publicKey: p384Key } },
  { lint: "key-usage", other: { ...plan, profile: ISSUING_PROFILE } },
  { lint: "basic-constraints", other: { ...plan, profile: ISSUING_PROFILE } },
  { lint: "subject-alt-name", other: { ...plan, dnsNames: ["other.example.net"] } },
  { lint: "extended-key-usage", other: { ...plan, profile: SERVER_PROFILE } },
];

describe("a lint finds what is not as planned", () => {
  test.each(OTHER_PLANS)("$lint", async ({ lint, other }) => {
    const findings = await lintCertificate(certificate, other);
    expect(findings.some((finding) => finding.startsWith(`${lint}: `))).toBe(true);
  });
});

/** Certificates that were built badly, each held against the very plan that it was built from. */
const BAD_PLANS: readonly {
  readonly name: string;
  readonly lint: string;
  readonly bad: CertificatePlan;
}[] = [
  {
    name: "a serial number that can be guessed",
    lint: "serial-number",
    bad: { ...plan, serial: "0102" },
  },
  {
    name: "a life that ends before it begins",
    lint: "validity",
    bad: {
      ...plan,
      validity: { notBeforeNs: plan.validity.notAfterNs, notAfterNs: plan.validity.notBeforeNs },
    },
  },
  {
    name: "a name in capitals",
    lint: "subject-alt-name",
    bad: { ...plan, subject: { commonName: "A.B" }, dnsNames: ["A.B"] },
  },
  {
    name: "a wildcard",
    lint: "subject-alt-name",
    bad: { ...plan, subject: {}, dnsNames: ["*.example.net"] },
  },
  {
    name: "two names of an agent",
    lint: "subject-alt-name",
    bad: { ...plan, dnsNames: [...plan.dnsNames, "b.example.net"] },
  },
  {
    name: "a subject that is none of the names",
    lint: "subject",
    bad: { ...plan, subject: { commonName: "elsewhere.example.net" } },
  },
  {
    name: "any purpose",
    lint: "extended-key-usage",
    bad: { ...plan, profile: { ...AGENT_PROFILE, extendedKeyUsage: ["2.5.29.37.0"] } },
  },
  {
    name: "an authority without a name",
    lint: "subject",
    bad: { ...plan, profile: ISSUING_PROFILE, subject: {}, dnsNames: [] },
  },
  {
    name: "an issuer without a name",
    lint: "issuer",
    bad: { ...plan, issuer: { ...plan.issuer, subjectDer: Uint8Array.of(0x30, 0) } },
  },
];

describe("a badly planned certificate is found and never signed", () => {
  test.each(BAD_PLANS)("$name", async ({ lint, bad }) => {
    const signedDer = await encodeSignedPart(bad);
    const { algorithm } = bad.issuer;
    const draft = parseCertificate(
      encodeCertificate(signedDer, algorithm, await throwAwaySigner.sign(signedDer)),
    );
    if (!draft.ok) throw new Error(draft.error);
    const findings = await lintCertificate(draft.value, bad);
    expect(findings.map((finding) => finding.split(":")[0])).toContain(lint);
    const watched = { ...issuingSigner, sign: () => Promise.reject(new Error("it was signed")) };
    await expect(issueCertificate({ plan: bad, signer: watched, throwAwaySigner })).rejects.toThrow(
      /lint findings/,
    );
  });
});
