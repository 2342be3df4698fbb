// How critical an extension is; asked by the lint of each.

import type { Certificate } from "../certificate.ts";
import type { LintFinding } from "./lint.ts";

/** For an extension that is there. */
export function criticalityFinding(
  { extensions }: Certificate,
  objectIdentifier: string,
  wanted: boolean,
): LintFinding {
  const found = extensions.find((each) => each.objectIdentifier === objectIdentifier);
  if (found === undefined || found.critical === wanted) return undefined;
  return wanted ? "the extension is not critical" : "the extension is critical";
}
