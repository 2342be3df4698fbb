import { parseCertificateRequest, verifyCertificateRequest } from "@truechimer/pki";
import { describe, expect, test } from "vitest";
import { readVectors } from "./_read-vectors.ts";

interface AcceptedVector {
  readonly requestHex: string;
  readonly request: {
    readonly curve: string;
    readonly commonName?: string;
    readonly dnsNames: readonly string[];
  };
}

interface RejectedVector {
  readonly requestHex: string;
  /** Where it is refused: when it is read, or when its signature is checked. */
  readonly stage: "read" | "verify";
  /** Part of the reason. */
  readonly reason: string;
}

const accepted = readVectors<AcceptedVector>("rfc2986/requests/accept");
const rejected = readVectors<RejectedVector>("rfc2986/requests/reject");

describe("requests", () => {
  test("are all there", () => {
    expect(accepted).toHaveLength(7);
    expect(rejected).toHaveLength(35);
  });

  test.each(accepted)("$name is read, and its sender has the key", async ({ vector }) => {
    const csr = parseCertificateRequest(Uint8Array.fromHex(vector.requestHex));
    if (!csr.ok) throw new Error(csr.error);
    const verified = await verifyCertificateRequest(csr.value);
    if (!verified.ok) throw new Error(verified.error);
    const { publicKey, ...facts } = verified.value.facts;
    expect({ ...facts, curve: publicKey.curve.name }).toEqual(vector.request);
  });

  test.each(rejected)("$name is refused", async ({ vector }) => {
    const csr = parseCertificateRequest(Uint8Array.fromHex(vector.requestHex));
    expect(csr.ok ? "verify" : "read").toBe(vector.stage);
    const outcome = csr.ok ? await verifyCertificateRequest(csr.value) : csr;
    expect(outcome).toEqual({ ok: false, error: expect.stringContaining(vector.reason) });
  });
});
