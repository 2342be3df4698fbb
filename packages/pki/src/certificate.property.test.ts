import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { parseCertificateRequest, verifyCertificateRequest } from "./certificate-request.ts";

const VECTORS = new URL("../../../vectors/", import.meta.url);

function vectorBytes(path: string, field: string): Uint8Array {
  const vector = JSON.parse(readFileSync(new URL(path, VECTORS), "utf8")) as Record<string, string>;
  return Uint8Array.fromHex(vector[field] ?? "");
}

const certificate = vectorBytes("rfc5280/certificates/accept/openssl-agent.json", "certificateHex");
const request = vectorBytes(
  "rfc2986/requests/accept/openssl-all-that-agents-have.json",
  "requestHex",
);

/** Some octets of a good input replaced, removed or put in. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const cut = fc.tuple(fc.nat(bytes.length - 1), fc.nat(8), fc.uint8Array({ maxLength: 8 }));
  return fc.array(cut, { minLength: 1, maxLength: 4 }).map((cuts) => {
    let result = [...bytes];
    for (const [at, removed, put] of cuts) result = result.toSpliced(at, removed, ...put);
    return Uint8Array.from(result);
  });
}

test("no octets make the parsers throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(typeof parseCertificate(bytes).ok).toBe("boolean");
      expect(typeof parseCertificateRequest(bytes).ok).toBe("boolean");
    }),
  );
});

test("a damaged certificate is read or refused, and whatever is read stands in it", () => {
  fc.assert(
    fc.property(damaged(certificate), (bytes) => {
      const parsed = parseCertificate(bytes);
      if (!parsed.ok) return;
      expect(parsed.value.der).toEqual(bytes);
      expect(bytes.toHex()).toContain(parsed.value.signedDer.toHex());
      expect(parsed.value.notBeforeNs % 1_000_000_000n).toBe(0n);
    }),
    { numRuns: 2_000 },
  );
});

test("a request that was damaged anywhere is never verified", async () => {
  await fc.assert(
    fc.asyncProperty(damaged(request), async (bytes) => {
      const csr = parseCertificateRequest(bytes);
      const same =
        bytes.length === request.length && bytes.every((octet, at) => octet === request[at]);
      if (!csr.ok || same) return;
      expect((await verifyCertificateRequest(csr.value)).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test("each single changed octet of a request makes it another request", async () => {
  for (let at = 0; at < request.length; at += 1) {
    const changed = Uint8Array.from(request);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const csr = parseCertificateRequest(changed);
    if (csr.ok) expect((await verifyCertificateRequest(csr.value)).ok).toBe(false);
  }
});
