// The protocol and the rules know nothing of a machine: no modules of Node, no clock, no chance. What they need comes as
// an argument, so that a whole fleet runs in one process from one seed.

import { isTestFile, type Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

/** "api" is not pure but runs in the browser as well. */
const WITHOUT_NODE = [
  "base",
  "ntp",
  "nts",
  "pki",
  "scoring",
  "filter",
  "alerts",
  "selection",
  "fault",
  "history",
  "api",
];

/** Where the real clock and the real chance come into the program. */
const SOURCES = new Set(["packages/base/src/system-clock.ts", "packages/base/src/random.ts"]);

/** The browser's own clock draws the page; benchmarks measure real time. */
const OUTSIDE = /^(apps\/web|bench|tools)\//;

const AMBIENT = new Map([
  ["Date.now", "take the time from a Clock"],
  ["new Date", "take the time from a Clock"],
  ["Math.random", "take chance from a Random"],
]);

const AMBIENT_IF_PURE = new Map([
  ["setTimeout", "a pure package has no timers"],
  ["setInterval", "a pure package has no timers"],
  ["setImmediate", "a pure package has no timers"],
  ["performance.now", "take the time from a Clock"],
]);

export const purePackages: Rule = { name: "pure-packages", findings: findImpurities };

function findImpurities(repository: Repository): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { path, imports, calls } of repository.modules.values()) {
    if (isTestFile(path) || SOURCES.has(path) || OUTSIDE.test(path)) continue;
    const pure = WITHOUT_NODE.some((name) => path.startsWith(`packages/${name}/`));
    for (const { specifier, line } of imports) {
      if (pure && specifier.startsWith("node:")) {
        findings.push({ path, line, text: `a pure package may not import ${specifier}` });
      }
    }
    for (const { callee, line } of calls) {
      const text = AMBIENT.get(callee) ?? (pure ? AMBIENT_IF_PURE.get(callee) : undefined);
      if (text !== undefined) findings.push({ path, line, text: `${callee}(): ${text}` });
    }
  }
  return findings;
}
