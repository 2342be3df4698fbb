// A document that names a test, as `packages/x/tests/y.test.ts`: title, names one that is there, by the whole of its title.
// Each row of the threat model names one, or says why no test can.

import type { Repository } from "../repository.ts";
import { type Finding, matchFindings, type Rule } from "../rule.ts";

export const namedTests: Rule = { name: "named-tests", findings: findNamedTests };

/** To the end of a table's cell, or of the line. */
const NAMED = /`([\w./-]+\.test\.tsx?)`: ((?:(?! \||; `).)+?)(?= ?\||; `|$)/gm;
const THREAT_MODEL = "docs/threat-model.md";
const ROW = /^\| (?!actor |---)(.*) \|$/gm;
const CELLS = 4;

function findNamedTests(repository: Repository): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of repository.files) {
    if (!path.endsWith(".md")) continue;
    const judge = ([, file = "", title = ""]: RegExpExecArray): string | undefined => {
      const source = repository.files.get(file);
      if (source === undefined) return `${file} does not exist`;
      return hasTitle(source, title) ? undefined : `${file} has no test "${title}"`;
    };
    findings.push(...matchFindings({ path, text, pattern: NAMED, judge }));
    if (path === THREAT_MODEL) {
      findings.push(...matchFindings({ path, text, pattern: ROW, judge: unansweredThreat }));
    }
  }
  return findings;
}

function unansweredThreat([, row = ""]: RegExpExecArray): string | undefined {
  const cells = row.split(" | ");
  const proof = cells.length === CELLS ? (cells.at(-1) ?? "") : "";
  const isAnswered = proof.startsWith("none: ") || /`[\w./-]+\.test\.tsx?`: /.test(proof);
  return isAnswered ? undefined : `no test is named for "${cells[0] ?? ""}: ${cells[1] ?? ""}"`;
}

/** The first argument of a call, such as `test("…"` or `test.each(cases)("…"`, and no word of a comment. */
function hasTitle(source: string, title: string): boolean {
  return [`"${title}"`, `'${title}'`, `\`${title}\``].some((quoted) =>
    new RegExp(String.raw`\(\s*${RegExp.escape(quoted)}`).test(source),
  );
}
