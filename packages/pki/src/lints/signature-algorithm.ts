// The algorithm is said twice and is the same both times, and it is the issuer's.

import type { Lint } from "./lint.ts";

export const signatureAlgorithm: Lint = {
  name: "signature-algorithm",
  source: "RFC 5280, section 4.1.1.2",
  finding: ({ signatureAlgorithm: outside, signedAlgorithm: inside }, plan) => {
    if (outside !== inside) return `algorithm ${outside} outside, ${inside} inside`;
    const wanted = plan.issuer.algorithm.objectIdentifier;
    return inside === wanted ? undefined : `algorithm ${inside}, the issuer's is ${wanted}`;
  },
};
