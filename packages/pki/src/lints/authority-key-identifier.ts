// The issuer's key is identified, so that a chain is found by it; never critical.

import { ID_CE_AUTHORITY_KEY_IDENTIFIER } from "../object-identifiers.ts";
import { equalBytes } from "../octets.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint } from "./lint.ts";

export const authorityKeyIdentifier: Lint = {
  name: "authority-key-identifier",
  source: "RFC 5280, section 4.2.1.1",
  finding: (certificate, plan) => {
    const identifier = certificate.authorityKeyIdentifier;
    if (identifier === undefined) return "the issuer's key is not identified";
    if (!equalBytes(identifier, plan.issuer.keyIdentifier)) {
      return "the identified key is not the issuer's";
    }
    return criticalityFinding(certificate, ID_CE_AUTHORITY_KEY_IDENTIFIER, false);
  },
};
