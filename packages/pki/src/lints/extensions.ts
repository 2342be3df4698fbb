// Nothing but the extensions that a profile can ask for, each as critical as it must be, none twice.

import {
  ID_CE_AUTHORITY_KEY_IDENTIFIER,
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
  ID_CE_SUBJECT_KEY_IDENTIFIER,
} from "../object-identifiers.ts";
import type { Lint } from "./lint.ts";

const KNOWN: ReadonlySet<string> = new Set([
  ID_CE_AUTHORITY_KEY_IDENTIFIER,
  ID_CE_BASIC_CONSTRAINTS,
  ID_CE_EXT_KEY_USAGE,
  ID_CE_KEY_USAGE,
  ID_CE_SUBJECT_ALT_NAME,
  ID_CE_SUBJECT_KEY_IDENTIFIER,
]);

export const extensions: Lint = {
  name: "extensions",
  source: "RFC 5280, section 4.2",
  finding: (certificate) => {
    const types = certificate.extensions.map(({ objectIdentifier }) => objectIdentifier);
    const unknown = types.find((type) => !KNOWN.has(type));
    if (unknown !== undefined) return `the extension ${unknown} belongs to no profile`;
    return new Set(types).size === types.length ? undefined : "an extension comes twice";
  },
};
