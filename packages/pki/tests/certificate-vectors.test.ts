import { type Certificate, hexFromBytes, parseCertificate, sha256 } from "@truechimer/pki";
import { describe, expect, test } from "vitest";
import { readVectors } from "./_read-vectors.ts";

interface AcceptedVector {
  readonly certificateHex: string;
  readonly certificate: Readonly<Record<string, unknown>>;
}

interface RejectedVector {
  readonly certificateHex: string;
  /** Part of the reason. */
  readonly reason: string;
}

const accepted = readVectors<AcceptedVector>("rfc5280/certificates/accept");
const rejected = readVectors<RejectedVector>("rfc5280/certificates/reject");

describe("certificates", () => {
  test("are all there", () => {
    expect(accepted).toHaveLength(7);
    expect(rejected).toHaveLength(42);
  });

  test.each(accepted)("$name is read, fact by fact", async ({ vector }) => {
    const parsed = parseCertificate(Uint8Array.fromHex(vector.certificateHex));
    if (!parsed.ok) throw new Error(parsed.error);
    expect(await factsOf(parsed.value)).toEqual(vector.certificate);
  });

  test.each(rejected)("$name is refused", ({ vector }) => {
    const parsed = parseCertificate(Uint8Array.fromHex(vector.certificateHex));
    expect(parsed).toEqual({ ok: false, error: expect.stringContaining(vector.reason) });
  });
});

/** As a vector writes them: what a certificate does not have is left out. */
async function factsOf(certificate: Certificate): Promise<Record<string, unknown>> {
  const { alternativeNames, basicConstraints, extendedKeyUsage, keyUsage } = certificate;
  return {
    serial: certificate.serial,
    subject: certificate.subjectCommonName,
    issuer: certificate.issuerCommonName,
    notBeforeNs: certificate.notBeforeNs.toString(),
    notAfterNs: certificate.notAfterNs.toString(),
    fingerprint: hexFromBytes(await sha256(certificate.der)),
    ...(keyUsage && { keyUsage }),
    ...(extendedKeyUsage && { extendedKeyUsage }),
    ...(basicConstraints && { basicConstraints }),
    ...(alternativeNames && {
      dnsNames: alternativeNames.dnsNames,
      ipAddresses: alternativeNames.ipAddresses.map(({ text }) => text),
    }),
  };
}
