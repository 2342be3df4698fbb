// Nothing half done is committed: no focused test, no marker of broken code, and a note of work to do only with the
// number of its issue.

import type { Repository } from "../repository.ts";
import { type Finding, matchFindings, type Rule } from "../rule.ts";

const FOCUSED = /^(it|test|describe|suite|bench)(\.\w+)*\.only$/;
const MARKER = /\b(TODO|FIXME|XXX)\b(\(#\d+\): )?/g;

export const unfinished: Rule = { name: "unfinished", findings: findUnfinished };

function findUnfinished(repository: Repository): readonly Finding[] {
  return [...repository.modules.values()].flatMap(({ path, calls, comments }) => [
    ...calls
      .filter(({ callee }) => FOCUSED.test(callee))
      .map(({ callee, line }) => ({ path, line, text: `${callee} leaves the other tests out` })),
    ...comments.flatMap(({ text, line }) =>
      matchFindings({ path, text, pattern: MARKER, judge: judgeMarker }).map((finding) => ({
        ...finding,
        line: line + (finding.line ?? 1) - 1,
      })),
    ),
  ]);
}

function judgeMarker([, word, reference]: RegExpExecArray): string | undefined {
  if (word !== "TODO") return `${word}: mend it, or write an issue and a TODO with its number`;
  return reference === undefined
    ? "a TODO names its issue: TODO(#123): what is to be done"
    : undefined;
}
