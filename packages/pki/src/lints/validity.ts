// The life is the planned one, within the profile's limits, and ends no later than the issuer's.

import type { Lint } from "./lint.ts";

const MS_NS = 1_000_000n;
/** Of the longest back-dating. */
const BACK_DATE_MS_MAX = 3_600_000;

export const validity: Lint = {
  name: "validity",
  source: "RFC 5280, section 4.1.2.5",
  finding: ({ notBeforeNs, notAfterNs }, { validity: planned, profile, issuer }) => {
    if (notBeforeNs !== planned.notBeforeNs || notAfterNs !== planned.notAfterNs) {
      return "the life is not the planned one";
    }
    if (notAfterNs <= notBeforeNs) return "the life ends before it begins";
    const lifeMs = Number((notAfterNs - notBeforeNs) / MS_NS);
    if (lifeMs > profile.lifetimeMsMax + BACK_DATE_MS_MAX) {
      return `a life of ${lifeMs} ms: the profile ${profile.name} has at most ${profile.lifetimeMsMax}`;
    }
    return notAfterNs > issuer.notAfterNs ? "the life ends after the issuer's" : undefined;
  },
};
