// Every dependency has its line in the reference: for what, why this one, what would replace it. And no line is left of a
// dependency that is gone.

import type { Repository } from "../repository.ts";
import { type Finding, lineAt, type Rule } from "../rule.ts";

const REFERENCE = "docs/reference/dependencies.md";

export const documentedDependencies: Rule = {
  name: "documented-dependencies",
  findings: compareDependencies,
};

function compareDependencies(repository: Repository): readonly Finding[] {
  const reference = repository.files.get(REFERENCE) ?? "";
  const documented = new Map<string, number>();
  for (const row of reference.matchAll(/^\| (`[^|]*`) \|/gm)) {
    for (const [, name = ""] of (row[1] ?? "").matchAll(/`([^`]+)`/g)) {
      documented.set(name, lineAt(reference, row.index));
    }
  }
  const declared = declaredDependencies(repository);
  return [
    ...[...declared]
      .filter(([name]) => !documented.has(name))
      .map(([name, path]) => ({ path, text: `${name} has no line in ${REFERENCE}` })),
    ...[...documented]
      .filter(([name]) => !declared.has(name))
      .map(([name, line]) => ({ path: REFERENCE, line, text: `${name} is no dependency` })),
  ];
}

/** The manifest that declares a dependency, by its name. */
function declaredDependencies(repository: Repository): ReadonlyMap<string, string> {
  const declared = new Map<string, string>();
  for (const [path, text] of repository.files) {
    if (!/(^|\/)package\.json$/.test(path)) continue;
    const manifest = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, string>>>>;
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
      for (const name of Object.keys(manifest[kind] ?? {})) {
        if (!name.startsWith("@truechimer/")) declared.set(name, path);
      }
    }
  }
  return declared;
}
