// The key is identified by its own hash, so that the same key always has the same name; never critical.

import { ID_CE_SUBJECT_KEY_IDENTIFIER } from "../object-identifiers.ts";
import { equalBytes } from "../octets.ts";
import { keyIdentifierOf } from "../public-key.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint } from "./lint.ts";

export const subjectKeyIdentifier: Lint = {
  name: "subject-key-identifier",
  source: "RFC 5280, section 4.2.1.2",
  finding: async (certificate, plan) => {
    const identifier = certificate.subjectKeyIdentifier;
    if (identifier === undefined) return "the key is not identified";
    if (!equalBytes(identifier, await keyIdentifierOf(plan.publicKey))) {
      return "the identifier is not the hash of the key";
    }
    return criticalityFinding(certificate, ID_CE_SUBJECT_KEY_IDENTIFIER, false);
  },
};
