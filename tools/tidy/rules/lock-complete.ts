// A lock is complete when it holds every platform's packages, also those that npm did not install here. npm 10 lets gaps
// pass; npm 11 and 12 refuse the whole installation ("Missing: … from lock file"), on a newcomer's machine first.

import type { Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

const LOCK = "package-lock.json";

type LockEntry = { readonly optionalDependencies?: Readonly<Record<string, string>> };

export const lockComplete: Rule = { name: "lock-complete", findings: findGaps };

function findGaps(repository: Repository): readonly Finding[] {
  const text = repository.files.get(LOCK);
  if (text === undefined) return [];
  const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, LockEntry>> };
  const findings: Finding[] = [];
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, path, name)) continue;
      findings.push({
        path: LOCK,
        text: `${path} wants ${name}@${range}, which the lock lacks: choose a version of which every platform is published`,
      });
    }
  }
  return findings;
}

/** Looks where Node would: beside the package, then beside each package that it lies in. */
function isLocked(
  packages: Readonly<Record<string, LockEntry>>,
  path: string,
  name: string,
): boolean {
  for (
    let folder = path;
    folder !== "";
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))
  ) {
    if (Object.hasOwn(packages, `${folder}/node_modules/${name}`)) return true;
  }
  return Object.hasOwn(packages, `node_modules/${name}`);
}
