// A certificate with extensions has version 3.

import type { Lint } from "./lint.ts";

export const version: Lint = {
  name: "version",
  source: "RFC 5280, section 4.1.2.1",
  finding: (certificate) =>
    certificate.version === 3 ? undefined : `version ${certificate.version}, not 3`,
};
