// Whether it may sign certificates, and how long the chain below it may be; critical.

import { ID_CE_BASIC_CONSTRAINTS } from "../object-identifiers.ts";
import { criticalityFinding } from "./criticality.ts";
import type { Lint } from "./lint.ts";

export const basicConstraints: Lint = {
  name: "basic-constraints",
  source: "RFC 5280, section 4.2.1.9",
  finding: (certificate, { profile }) => {
    const found = certificate.basicConstraints;
    const wanted = profile.basicConstraints;
    if (found === undefined) return "it does not say whether it is an authority's";
    if (found.authority !== wanted.authority) {
      return found.authority ? "it is an authority's" : "it is no authority's";
    }
    if (found.pathLength !== wanted.pathLength) {
      return `path length ${found.pathLength ?? "without limit"}, planned was ${wanted.pathLength ?? "none"}`;
    }
    return criticalityFinding(certificate, ID_CE_BASIC_CONSTRAINTS, true);
  },
};
