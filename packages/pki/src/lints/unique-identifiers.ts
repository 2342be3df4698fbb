// The unique identifiers of version 2 are never used.

import type { Lint } from "./lint.ts";

export const uniqueIdentifiers: Lint = {
  name: "unique-identifiers",
  source: "RFC 5280, section 4.1.2.8",
  finding: (certificate) =>
    certificate.uniqueIdentifiers ? "it has a unique identifier" : undefined,
};
