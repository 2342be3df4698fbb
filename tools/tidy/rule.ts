// What a house rule is: a name, and a function from the repository's text to what breaks the rule.

import type { Repository } from "./repository.ts";

export type Finding = {
  readonly path: string;
  /** Counted from 1; without it the finding is about the whole file. */
  readonly line?: number | undefined;
  readonly text: string;
};

export type Rule = {
  readonly name: string;
  readonly findings: (repository: Repository) => readonly Finding[] | Promise<readonly Finding[]>;
};

/** The line, counted from 1, that holds the character at `index`. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < index; at = text.indexOf("\n", at + 1)) {
    line += 1;
  }
  return line;
}

/** A finding for every match of a global pattern that `judge` has something to say about. */
export function matchFindings(options: {
  readonly path: string;
  readonly text: string;
  readonly pattern: RegExp;
  readonly judge: (match: RegExpExecArray) => string | undefined;
}): readonly Finding[] {
  const { path, text, pattern, judge } = options;
  const findings: Finding[] = [];
  for (const match of text.matchAll(pattern)) {
    const said = judge(match);
    if (said !== undefined) findings.push({ path, line: lineAt(text, match.index), text: said });
  }
  return findings;
}
