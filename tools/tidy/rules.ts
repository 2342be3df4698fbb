// Every house rule that a program can check.

import type { Repository } from "./repository.ts";
import type { Finding, Rule } from "./rule.ts";
import { codedWords } from "./rules/coded-words.ts";
import { deadExports } from "./rules/dead-exports.ts";
import { deadLinks } from "./rules/dead-links.ts";
import { declaredImports } from "./rules/declared-imports.ts";
import { documentedDependencies } from "./rules/documented-dependencies.ts";
import { exportSentences } from "./rules/export-sentences.ts";
import { generatedCode } from "./rules/generated-code.ts";
import { generatedReference } from "./rules/generated-reference.ts";
import { layers } from "./rules/layers.ts";
import { lockComplete } from "./rules/lock-complete.ts";
import { machinePaths } from "./rules/machine-paths.ts";
import { namedTests } from "./rules/named-tests.ts";
import { packageShape } from "./rules/package-shape.ts";
import { purePackages } from "./rules/pure-packages.ts";
import { rfcReferences } from "./rules/rfc-references.ts";
import { unfinished } from "./rules/unfinished.ts";

const RULES: readonly Rule[] = [
  layers,
  purePackages,
  declaredImports,
  deadExports,
  exportSentences,
  unfinished,
  rfcReferences,
  deadLinks,
  namedTests,
  codedWords,
  documentedDependencies,
  machinePaths,
  packageShape,
  lockComplete,
  generatedCode,
  generatedReference,
];

/** One line a finding, sorted, such as `packages/x/src/y.ts:12 layers: …`. */
export async function findAll(
  repository: Repository,
  rules: readonly Rule[] = RULES,
): Promise<readonly string[]> {
  const lists = await Promise.all(
    rules.map(async (rule) =>
      (await rule.findings(repository)).filter(isOurs).map((finding) => describe(rule, finding)),
    ),
  );
  return lists.flat().toSorted();
}

/** Generated code is as its generator makes it; only whether it is up to date is a matter for us. */
function isOurs({ path, line }: Finding): boolean {
  return line === undefined || !/\/src\/gen\//.test(path);
}

function describe(rule: Rule, { path, line, text }: Finding): string {
  const place = line === undefined ? path : `${path}:${line}`;
  return `${place} ${rule.name}: ${text}`;
}
