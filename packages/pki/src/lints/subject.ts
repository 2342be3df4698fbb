// The subject is the planned one; an authority is never without a name.

import { encodeName, isEmptyName } from "../distinguished-name.ts";
import { equalBytes } from "../octets.ts";
import type { Lint } from "./lint.ts";

export const subject: Lint = {
  name: "subject",
  source: "RFC 5280, section 4.1.2.6",
  finding: ({ subjectDer, subjectCommonName }, plan) => {
    if (!equalBytes(subjectDer, encodeName(plan.subject)))
      return "the subject is not the planned one";
    if (plan.profile.basicConstraints.authority && isEmptyName(subjectDer)) {
      return "an authority without a name";
    }
    if (plan.profile.names === "common_name" || subjectCommonName === undefined) return undefined;
    return plan.dnsNames.includes(subjectCommonName)
      ? undefined
      : `the common name ${subjectCommonName} is none of the alternative names`;
  },
};
