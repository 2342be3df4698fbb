// The tree says nothing about the machine it was written on, nor about the registry its packages came from.

import type { Repository } from "../repository.ts";
import { type Finding, matchFindings, type Rule } from "../rule.ts";

const MACHINE_PATH =
  /(?<![\w.}/])\/(?:work|farm|root|home\/[a-z]+|Users\/[a-z]+|tmp\/[a-z])(?=[/\w-]*)/gi;
const REGISTRY_HOST = /\bregistry\.[a-z]+\.(?:org|com)\b|"resolved": "https?:/g;

export const machinePaths: Rule = { name: "machine-paths", findings: findMachinePaths };

function findMachinePaths(repository: Repository): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of repository.files) {
    const judge = ([found]: RegExpExecArray): string => `"${found}" belongs to one machine`;
    if (path !== "package-lock.json") {
      findings.push(...matchFindings({ path, text, pattern: MACHINE_PATH, judge }));
    }
    findings.push(...matchFindings({ path, text, pattern: REGISTRY_HOST, judge }));
  }
  return findings;
}
