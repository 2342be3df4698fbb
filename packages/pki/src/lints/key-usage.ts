// The key may do what the profile says and nothing else; critical.

import { ID_CE_KEY_USAGE } from "../object-identifiers.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint } from "./lint.ts";

export const keyUsage: Lint = {
  name: "key-usage",
  source: "RFC 5280, section 4.2.1.3",
  finding: (certificate, { profile }) => {
    const found = (certificate.keyUsage ?? []).toSorted().join(", ");
    const wanted = profile.keyUsage.toSorted().join(", ");
    if (found !== wanted) return `the key is for ${found || "anything"}, not for ${wanted}`;
    return criticalityFinding(certificate, ID_CE_KEY_USAGE, true);
  },
};
