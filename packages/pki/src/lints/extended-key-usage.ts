// The purposes are the profile's, "any purpose" never among them; not critical, so that old peers read it.

import { ID_CE_EXT_KEY_USAGE } from "../object-identifiers.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint } from "./lint.ts";

const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

export const extendedKeyUsage: Lint = {
  name: "extended-key-usage",
  source: "RFC 5280, section 4.2.1.12",
  finding: (certificate, { profile }) => {
    const found = certificate.extendedKeyUsage ?? [];
    if (found.includes(ANY_EXTENDED_KEY_USAGE)) return "it is for any purpose";
    if (found.toSorted().join(" ") !== profile.extendedKeyUsage.toSorted().join(" ")) {
      return `for the purposes ${found.join(", ") || "none"}: planned were ${profile.extendedKeyUsage.join(", ") || "none"}`;
    }
    return criticalityFinding(certificate, ID_CE_EXT_KEY_USAGE, false);
  },
};
