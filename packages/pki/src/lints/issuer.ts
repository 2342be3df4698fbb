// The issuer is named, with the very octets of its own subject.

import { isEmptyName } from "../distinguished-name.ts";
import { equalBytes } from "../octets.ts";
import type { Lint } from "./lint.ts";

export const issuer: Lint = {
  name: "issuer",
  source: "RFC 5280, section 4.1.2.4",
  finding: ({ issuerDer }, plan) => {
    if (isEmptyName(issuerDer)) return "the issuer has no name";
    return equalBytes(issuerDer, plan.issuer.subjectDer)
      ? undefined
      : "the issuer is not named as in its own certificate";
  },
};
