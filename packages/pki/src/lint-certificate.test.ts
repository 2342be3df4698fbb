// Every lint finds what it is for: the certificate is right, and the plan that it is held against asks for another.

import { describe, expect, test } from "vitest";
import { createTestAuthorities } from "./_authorities.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { type CertificatePlan, encodeCertificate, encodeSignedPart } from "./certificate-plan.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { generateSigner } from "./key-pair.ts";
import { LINTS, lintCertificate } from "./lint-certificate.ts";
import { ECDSA_WITH_SHA384, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE } from "./object-identifiers.ts";
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

/** Certificates as no builder of ours makes them, held against the plan of the good one. */
const WRONG_CERTIFICATES: readonly {
  readonly name: string;
  readonly finding: string;
  readonly wrong: Certificate;
}[] = [
  {
    name: "an old version",
    finding: "version: version 1, not 3",
    wrong: { ...certificate, version: 1 },
  },
  {
    name: "a unique identifier",
    finding: "unique-identifiers: it has a unique identifier",
    wrong: { ...certificate, uniqueIdentifiers: true },
  },
  {
    name: "two algorithms",
    finding: `signature-algorithm: algorithm ${ECDSA_WITH_SHA384} outside`,
    wrong: { ...certificate, signatureAlgorithm: ECDSA_WITH_SHA384 },
  },
  {
    name: "an extension that no profile has",
    finding: "extensions: the extension 1.2.3 belongs to no profile",
    wrong: withExtension({ objectIdentifier: "1.2.3", critical: false }),
  },
  {
    name: "an extension twice",
    finding: "extensions: an extension comes twice",
    wrong: withExtension({ objectIdentifier: ID_CE_KEY_USAGE, critical: true }),
  },
  {
    name: "a key usage that may be ignored",
    finding: "key-usage: the extension is not critical",
    wrong: withCriticality(ID_CE_KEY_USAGE, false),
  },
  {
    name: "purposes that old peers stumble over",
    finding: "extended-key-usage: the extension is critical",
    wrong: withCriticality(ID_CE_EXT_KEY_USAGE, true),
  },
  {
    name: "no word of being an authority",
    finding: "basic-constraints: it does not say",
    wrong: without("basicConstraints"),
  },
  {
    name: "an authority",
    finding: "basic-constraints: it is an authority's",
    wrong: { ...certificate, basicConstraints: { authority: true } },
  },
  {
    name: "a path length that was not planned",
    finding: "basic-constraints: path length 3, planned was none",
    wrong: { ...certificate, basicConstraints: { authority: false, pathLength: 3 } },
  },
  {
    name: "a key for anything",
    finding: "key-usage: the key is for anything",
    wrong: without("keyUsage"),
  },
  {
    name: "no purpose",
    finding: "extended-key-usage: for the purposes none",
    wrong: without("extendedKeyUsage"),
  },
  {
    name: "a key that is not identified",
    finding: "subject-key-identifier: the key is not identified",
    wrong: without("subjectKeyIdentifier"),
  },
  {
    name: "an issuer that is not identified",
    finding: "authority-key-identifier: the issuer's key is not identified",
    wrong: without("authorityKeyIdentifier"),
  },
];

function withExtension(extension: {
  readonly objectIdentifier: string;
  readonly critical: boolean;
}): Certificate {
  const added = { ...extension, value: new Uint8Array() };
  return { ...certificate, extensions: [...certificate.extensions, added] };
}

function withCriticality(objectIdentifier: string, critical: boolean): Certificate {
  const extensions = certificate.extensions.map((extension) =>
    extension.objectIdentifier === objectIdentifier ? { ...extension, critical } : extension,
  );
  return { ...certificate, extensions };
}

function without(field: keyof Certificate): Certificate {
  const fields = Object.entries(certificate).filter(([name]) => name !== field);
  return Object.fromEntries(fields) as unknown as Certificate;
}

describe("a certificate that was built wrongly is found", () => {
  test.each(WRONG_CERTIFICATES)("$name", async ({ finding, wrong }) => {
    const findings = await lintCertificate(wrong, plan);
    expect(findings.some((each) => each.startsWith(finding))).toBe(true);
  });

  test("an authority that says it is none, and one with another path length", async () => {
    const other = { ...plan, profile: ISSUING_PROFILE };
    const none = { ...certificate, basicConstraints: { authority: false } };
    const deep = { ...certificate, basicConstraints: { authority: true } };
    const [first, second] = await Promise.all([
      lintCertificate(none, other),
      lintCertificate(deep, other),
    ]);
    expect(first).toContainEqual(expect.stringContaining("it is no authority's"));
    expect(second).toContainEqual(expect.stringContaining("path length without limit"));
  });
});
