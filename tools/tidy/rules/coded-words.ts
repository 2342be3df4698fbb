// Every error code and every reason has its section in the reference, and every section is about one that exists.

import type { Repository } from "../repository.ts";
import { type Finding, lineAt, type Rule } from "../rule.ts";

/** A document, and the files whose constant lists of words it must cover between them. */
const REFERENCES: ReadonlyMap<string, readonly string[]> = new Map([
  ["docs/reference/errors.md", ["packages/base/src/error-codes.ts"]],
  [
    "docs/reference/reasons.md",
    [
      "packages/ntp/src/sample-reason.ts",
      "packages/scoring/src/status-reason.ts",
      "packages/scoring/src/verdict-reason.ts",
    ],
  ],
]);

const LIST = /= \[([^\]]*)\] as const;/g;
const WORD = /"([a-z]+(?:_[a-z]+)*)"/g;
const HEADING = /^#{2,3} `?([a-z]+(?:_[a-z]+)*)`?$/gm;

export const codedWords: Rule = { name: "coded-words", findings: compareWords };

type Place = { readonly path: string; readonly line: number };

function compareWords(repository: Repository): readonly Finding[] {
  return [...REFERENCES].flatMap(([document, registries]) => {
    const registered = new Map(registries.flatMap((path) => wordsOfLists(repository, path)));
    const documented = headings(repository, document);
    return [
      ...[...registered]
        .filter(([word]) => !documented.has(word))
        .map(([word, place]) => ({ ...place, text: `${word} has no section in ${document}` })),
      ...[...documented]
        .filter(([word]) => !registered.has(word))
        .map(([word, place]) => ({
          ...place,
          text: `${word} is not in ${registries.join(" or ")}`,
        })),
    ];
  });
}

function wordsOfLists(repository: Repository, path: string): readonly [string, Place][] {
  const text = repository.files.get(path) ?? "";
  return [...text.matchAll(LIST)].flatMap((list) =>
    [...(list[1] ?? "").matchAll(WORD)].map((word): [string, Place] => {
      const index = list.index + "= [".length + word.index;
      return [word[1] ?? "", { path, line: lineAt(text, index) }];
    }),
  );
}

function headings(repository: Repository, path: string): ReadonlyMap<string, Place> {
  const text = repository.files.get(path) ?? "";
  return new Map(
    [...text.matchAll(HEADING)].map((match) => [
      match[1] ?? "",
      { path, line: lineAt(text, match.index) },
    ]),
  );
}
