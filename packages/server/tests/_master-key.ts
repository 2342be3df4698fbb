// A master key for tests, and what is made with it.

import { systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { AGENT_SETTINGS } from "../src/agent-settings.ts";
import {
  type CertificateAuthority,
  type CertificateAuthorityOptions,
  createCertificateAuthority,
} from "../src/ca/certificate-authority.ts";

export const MASTER_KEY: Uint8Array = new Uint8Array(32).fill(7);
export const OTHER_MASTER_KEY: Uint8Array = new Uint8Array(32).fill(8);

/** As a replica has it. */
export function authorityOn(
  database: Database,
  options: Partial<CertificateAuthorityOptions> = {},
): CertificateAuthority {
  return createCertificateAuthority({
    database,
    clock: systemClock,
    random: systemRandom,
    masterKey: MASTER_KEY,
    agents: AGENT_SETTINGS,
    ...options,
  });
}
