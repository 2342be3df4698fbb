// Every workspace package looks alike: a README of half a page, the version of the product, types that are checked.

import type { Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

export const packageShape: Rule = { name: "package-shape", findings: findOddPackages };

function findOddPackages(repository: Repository): readonly Finding[] {
  const version = versionIn(repository, "package.json");
  const projects = repository.files.get("tsconfig.json") ?? "";
  const findings: Finding[] = [];
  for (const { folder } of repository.packages) {
    const path = `${folder}/package.json`;
    if (!repository.files.has(`${folder}/README.md`))
      findings.push({ path, text: "there is no README.md beside it" });
    if (!projects.includes(`"${folder}"`))
      findings.push({ path, text: `tsconfig.json does not reference ${folder}` });
    if (versionIn(repository, path) !== version)
      findings.push({ path, text: `the version is not ${version}` });
  }
  return findings;
}

function versionIn(repository: Repository, path: string): string | undefined {
  return (JSON.parse(repository.files.get(path) ?? "{}") as { version?: string }).version;
}
