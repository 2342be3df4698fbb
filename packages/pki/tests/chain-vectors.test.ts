import { type Certificate, parseCertificate, verifyAgentCertificate } from "@truechimer/pki";
import { describe, expect, test } from "vitest";
import { readVectors } from "./_read-vectors.ts";

interface ChainVector {
  readonly leafHex: string;
  readonly intermediatesHex: readonly string[];
  readonly rootsHex: readonly string[];
  readonly nowNs: string;
  readonly monitorDomain: string;
  /** Of an accepted one. */
  readonly tlsName?: string;
  /** Part of the reason, of a rejected one. */
  readonly reason?: string;
}

const accepted = readVectors<ChainVector>("rfc5280/chains/accept");
const rejected = readVectors<ChainVector>("rfc5280/chains/reject");

describe("chains", () => {
  test("are all there", () => {
    expect(accepted).toHaveLength(4);
    expect(rejected).toHaveLength(27);
  });

  test.each(accepted)("$name leads from the agent to the root", async ({ vector }) => {
    const verified = await verify(vector);
    expect(verified).toMatchObject({ ok: true, value: { name: vector.tlsName } });
  });

  test.each(rejected)("$name is refused", async ({ vector }) => {
    const verified = await verify(vector);
    expect(verified).toEqual({ ok: false, error: expect.stringContaining(vector.reason ?? "?") });
  });
});

function verify(vector: ChainVector): ReturnType<typeof verifyAgentCertificate> {
  return verifyAgentCertificate({
    leaf: certificateFrom(vector.leafHex),
    intermediates: vector.intermediatesHex.map(certificateFrom),
    roots: vector.rootsHex.map(certificateFrom),
    nowNs: BigInt(vector.nowNs),
    monitorDomain: vector.monitorDomain,
  });
}

function certificateFrom(hex: string): Certificate {
  const parsed = parseCertificate(Uint8Array.fromHex(hex));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
