// Certificates for tests, all of one authority that is made once a file.

import { createTestAuthority, type TestAuthority } from "@truechimer/testing-pool-api";
import { type CertificatePair, parseCertificatePair } from "../../src/identity/certificate-pair.ts";
import { NAME } from "./_simulated-identity.ts";

/** Where the virtual clock begins. */
export const START_NS = 1_767_225_600_000_000_000n;
export const HOUR_NS = 3_600_000_000_000n;
export const MINUTE_NS = 60_000_000_000n;
export const DAY_NS: bigint = 24n * HOUR_NS;

const authority: Promise<TestAuthority> = createTestAuthority(START_NS);

export function testAuthority(): Promise<TestAuthority> {
  return authority;
}

export interface Life {
  /** How long ago it began, and how long it will last, from the start of the virtual clock. */
  readonly ageNs: bigint;
  readonly remainingNs: bigint;
  readonly name?: string;
}

export async function pairOf({ ageNs, remainingNs, name = NAME }: Life): Promise<CertificatePair> {
  const issued = await (await authority).issueAgent({
    name,
    notBeforeNs: START_NS - ageNs,
    notAfterNs: START_NS + remainingNs,
  });
  const parsed = parseCertificatePair(issued);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
