// One form of reference to a standard, so that a search for a section finds every place: "RFC 5905, section 8".

import type { Repository } from "../repository.ts";
import { type Finding, matchFindings, type Rule } from "../rule.ts";

/** Neither part of a path nor of an address: `vectors/rfc5905/x` and a link to the text are fine. */
const REFERENCE =
  /(?<![\w/.-])rfc[\s-]?\d{3,5}(?![\w/-])[,:;]?(\s+\(?(§+|sect?\b\.?|section|appendix)\s*[\dA-Z][\d.]*)?/gi;
const RIGHT = /^RFC \d{3,5}(, (section \d+(\.\d+)*|appendix [A-Z](\.\d+)*)\.?|[,:;]?)$/;

export const rfcReferences: Rule = { name: "rfc-references", findings: findWrongReferences };

function findWrongReferences(repository: Repository): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of repository.files) {
    if (!/\.(md|proto|sql)$/.test(path)) continue;
    findings.push(...matchFindings({ path, text, pattern: REFERENCE, judge: judgeReference }));
  }
  for (const { path, comments } of repository.modules.values()) {
    for (const { text, line } of comments) {
      for (const found of matchFindings({
        path,
        text,
        pattern: REFERENCE,
        judge: judgeReference,
      })) {
        findings.push({ ...found, line: line + (found.line ?? 1) - 1 });
      }
    }
  }
  return findings;
}

function judgeReference([text]: RegExpExecArray): string | undefined {
  // A reference may be broken over two lines of a comment.
  const oneLine = text.replaceAll(/\s+/g, " ");
  return RIGHT.test(oneLine) ? undefined : `"${oneLine}" is written as "RFC 5905, section 8"`;
}
