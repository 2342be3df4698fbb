// Each rule on a repository of a few lines: what it finds, and what it leaves alone.

import { expect, test } from "vitest";
import { createRepository } from "./repository.ts";
import type { Rule } from "./rule.ts";
import { codedWords } from "./rules/coded-words.ts";
import { deadExports } from "./rules/dead-exports.ts";
import { deadLinks } from "./rules/dead-links.ts";
import { declaredImports } from "./rules/declared-imports.ts";
import { documentedDependencies } from "./rules/documented-dependencies.ts";
import { exportSentences } from "./rules/export-sentences.ts";
import { layers } from "./rules/layers.ts";
import { lockComplete } from "./rules/lock-complete.ts";
import { machinePaths } from "./rules/machine-paths.ts";
import { namedTests } from "./rules/named-tests.ts";
import { packageShape } from "./rules/package-shape.ts";
import { purePackages } from "./rules/pure-packages.ts";
import { rfcReferences } from "./rules/rfc-references.ts";
import { unfinished } from "./rules/unfinished.ts";
import { findAll } from "./rules.ts";

type Case = {
  readonly name: string;
  readonly rule: Rule;
  readonly files: Readonly<Record<string, string>>;
  readonly findings: readonly string[];
};

/** The manifests of packages by folder, each with what it declares. */
function manifests(
  dependencies: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(dependencies).map(([folder, names]) => [
      `${folder}/package.json`,
      JSON.stringify({
        name: `@truechimer/${folder.slice(folder.indexOf("/") + 1)}`,
        dependencies: Object.fromEntries(names.map((name) => [name, "1.0.0"])),
      }),
    ]),
  );
}

const MARKER = "TODO";
/** Put together, so that the rules find nothing in this file. */
const HOME = ["", "home", "someone", "x"].join("/");
const REGISTRY = ["registry", "example", "org"].join(".");

const CASES: readonly Case[] = [
  {
    name: "four of five exports of a lower layer have a sentence right before them",
    rule: exportSentences,
    files: {
      ...manifests({ "packages/base": [], "packages/ntp": [], "packages/agent": [] }),
      "packages/base/src/a.ts": [1, 2, 3, 4]
        .map((number) => `/** The number ${number}. */\nexport const a${number} = ${number};`)
        .concat("export const silent = 5;")
        .join("\n"),
      "packages/base/src/index.ts": `export { a1, silent } from "./a.ts";`,
      "packages/ntp/src/b.ts": "// The head of the file.\n\nexport type B = 1;",
      "packages/ntp/src/_helper.ts": "export const helper = 1;",
      "packages/agent/src/c.ts": "export const c = 1;",
    },
    findings: [
      "packages/ntp export-sentences: 0 % of 1 exports have a sentence, and 80 % is the least; without one: B (b.ts)",
    ],
  },
  {
    name: "an import downwards is fine, one upwards is found",
    rule: layers,
    files: {
      ...manifests({ "packages/base": [], "packages/ntp": [] }),
      "packages/ntp/src/a.ts": `import { a } from "@truechimer/base";`,
      "packages/base/src/b.ts": `import type { b } from "@truechimer/ntp";`,
    },
    findings: [
      "packages/base/src/b.ts:1 layers: packages/base (layer 0) may not import packages/ntp (layer 1)",
    ],
  },
  {
    name: "every package is in the picture with its layer",
    rule: layers,
    files: {
      ...manifests({ "packages/base": [], "packages/ntp": [], "packages/udp": [] }),
      "docs/architecture.md": "  base   0   clocks\n  ntp    2   packets\n",
    },
    findings: [
      "docs/architecture.md:1 layers: packages/ntp (layer 1) is not in the picture",
      "docs/architecture.md:1 layers: packages/udp (layer 2) is not in the picture",
    ],
  },
  {
    name: "agent and server never import each other",
    rule: layers,
    files: {
      ...manifests({ "packages/agent": [], "packages/server": [] }),
      "packages/agent/src/a.ts": `export { a } from "@truechimer/server";`,
    },
    findings: [
      "packages/agent/src/a.ts:1 layers: packages/agent (layer 3) may not import packages/server (layer 3)",
    ],
  },
  {
    name: "the dashboard knows the API alone, and fakes are for tests alone",
    rule: layers,
    files: {
      ...manifests({ "packages/ntp": [], "packages/udp": [], "apps/web": [], "testing/sim": [] }),
      "apps/web/src/a.ts": `import { a } from "@truechimer/ntp";`,
      "packages/udp/src/a.ts": `const sim = await import("@truechimer/sim");`,
      "packages/udp/src/a.test.ts": `import { sim } from "@truechimer/sim";`,
    },
    findings: [
      "apps/web/src/a.ts:1 layers: the dashboard may not import packages/ntp",
      "packages/udp/src/a.ts:1 layers: only tests import testing/sim",
    ],
  },
  {
    name: "a pure package has neither modules of Node nor a clock of its own",
    rule: purePackages,
    files: {
      "packages/ntp/src/a.ts": `import { x } from "node:fs";\nconst at = Date.now();\nsetTimeout(x, 1);`,
      "packages/ntp/src/a.test.ts": `import { x } from "node:fs";`,
      "packages/udp/src/a.ts": `import { x } from "node:fs";\nconst at = new Date();\nconst then = new Date(5);`,
      "packages/base/src/system-clock.ts": `export const nowMs = (): number => Date.now();`,
    },
    findings: [
      "packages/ntp/src/a.ts:1 pure-packages: a pure package may not import node:fs",
      "packages/ntp/src/a.ts:2 pure-packages: Date.now(): take the time from a Clock",
      "packages/ntp/src/a.ts:3 pure-packages: setTimeout(): a pure package has no timers",
      "packages/udp/src/a.ts:2 pure-packages: new Date(): take the time from a Clock",
    ],
  },
  {
    name: "imports, declarations and references agree",
    rule: declaredImports,
    files: {
      ...manifests({ "packages/base": [], "packages/ntp": ["@truechimer/base", "kysely"] }),
      "package.json": JSON.stringify({ devDependencies: { vitest: "1.0.0" } }),
      "packages/ntp/src/a.ts": `import "pino";\nimport "@truechimer/base";\nimport "../../base/src/b.ts";`,
      "packages/ntp/src/a.test.ts": `import { test } from "vitest";`,
    },
    findings: [
      "packages/ntp/package.json declared-imports: kysely is declared and never imported",
      "packages/ntp/src/a.ts:1 declared-imports: pino is not declared in packages/ntp/package.json",
      "packages/ntp/src/a.ts:2 declared-imports: packages/base is not among the references of packages/ntp/tsconfig.json",
      "packages/ntp/src/a.ts:3 declared-imports: ../../base/src/b.ts reaches into another package",
    ],
  },
  {
    name: "an export or a file that nobody imports is dead; workers and the types of signatures are not",
    rule: deadExports,
    files: {
      ...manifests({ "packages/ntp": [] }),
      "packages/ntp/README.md": "`documented()` does it.",
      "packages/ntp/src/index.ts": `export { used, unused, documented } from "./a.ts";`,
      "packages/ntp/src/a.ts": [
        "export type Options = { a: number };",
        "export const used = (o: Options): number => o.a;",
        "export const unused = 1;",
        "export const documented = 2;",
        "export type Lonely = 1;",
        "const worker = new URL(`./worker.${extension}`, import.meta.url);",
      ].join("\n"),
      "packages/ntp/src/a.test.ts": `import { used } from "./a.ts";`,
      "packages/ntp/src/worker.ts": "postMessage(1);",
      "packages/ntp/src/forgotten.ts": "export const x = 1;",
    },
    findings: [
      "packages/ntp/src/a.ts:5 dead-exports: nothing imports Lonely",
      "packages/ntp/src/forgotten.ts dead-exports: no file imports this one",
      "packages/ntp/src/index.ts:1 dead-exports: nothing imports unused",
    ],
  },
  {
    name: "focused tests and notes without an issue are found",
    rule: unfinished,
    files: {
      "packages/ntp/src/a.test.ts": `it.only("x", () => {});\ndescribe("y", () => {});`,
      "packages/ntp/src/a.ts": `// ${MARKER}(#12): later\n// ${MARKER}: later`,
    },
    findings: [
      "packages/ntp/src/a.test.ts:1 unfinished: it.only leaves the other tests out",
      `packages/ntp/src/a.ts:2 unfinished: a ${MARKER} names its issue: ${MARKER}(#123): what is to be done`,
    ],
  },
  {
    name: "a standard is referred to in one form",
    rule: rfcReferences,
    files: {
      "docs/a.md": [
        "RFC 5905, section 8. and RFC 5905; RFC 5905, appendix A.1, also RFC 7822.",
        "RFC5905",
        "RFC 5905 section 8",
        "RFC 5905, Section 8",
        "https://www.rfc-editor.org/rfc/rfc5905",
      ].join("\n"),
      "packages/ntp/src/a.ts": "/** RFC 8915 §5.5 */\nexport const rfc5905 = 1;",
    },
    findings: [
      'docs/a.md:2 rfc-references: "RFC5905" is written as "RFC 5905, section 8"',
      'docs/a.md:3 rfc-references: "RFC 5905 section 8" is written as "RFC 5905, section 8"',
      'docs/a.md:4 rfc-references: "RFC 5905, Section 8" is written as "RFC 5905, section 8"',
      'packages/ntp/src/a.ts:1 rfc-references: "RFC 8915 §5.5" is written as "RFC 5905, section 8"',
    ],
  },
  {
    name: "links lead to files and headings",
    rule: deadLinks,
    files: {
      "docs/a.md":
        "# One `two`\n[ok](b.md#three-3) [self](#one-two) [gone](c.md)\n```\n[code](x.md)\n```\n[none](b.md#four)",
      "docs/b.md": "## Three, 3\n",
      "packages/ntp/src/a.ts": "// see docs/b.md and docs/none.md",
    },
    findings: [
      "docs/a.md:2 dead-links: c.md does not exist",
      "docs/a.md:6 dead-links: docs/b.md has no heading #four",
      "packages/ntp/src/a.ts:1 dead-links: docs/none.md does not exist",
    ],
  },
  {
    name: "tests that documents name exist, and each threat has one",
    rule: namedTests,
    files: {
      "docs/a.md":
        "| one | `packages/a.test.ts`: holds | `packages/a.test.ts`: does not; `packages/b.test.ts`: x |",
      "docs/threat-model.md":
        "| actor | wants to | what stands against it | the test of it |\n| --- | --- | --- | --- |\n| a | b | c | `packages/a.test.ts`: holds |\n| a | b | c | none: no test can |\n| d | e | f | |\n| d | e | f |",
      "packages/a.test.ts": 'test("holds", () => {});\n// "does not"',
    },
    findings: [
      'docs/a.md:1 named-tests: packages/a.test.ts has no test "does not"',
      "docs/a.md:1 named-tests: packages/b.test.ts does not exist",
      'docs/threat-model.md:5 named-tests: no test is named for "d: e"',
      'docs/threat-model.md:6 named-tests: no test is named for "d: e"',
    ],
  },
  {
    name: "every coded word is documented, and every documented one exists",
    rule: codedWords,
    files: {
      "packages/base/src/error-codes.ts": `export const ERROR_CODES = [\n  "usage",\n  "disk_full",\n] as const;`,
      "docs/reference/errors.md": "## usage\n\n## old_code\n",
    },
    findings: [
      "docs/reference/errors.md:3 coded-words: old_code is not in packages/base/src/error-codes.ts",
      "packages/base/src/error-codes.ts:3 coded-words: disk_full has no section in docs/reference/errors.md",
    ],
  },
  {
    name: "every dependency has a line, and every line a dependency",
    rule: documentedDependencies,
    files: {
      ...manifests({ "packages/ntp": ["pino", "@truechimer/base"] }),
      "docs/reference/dependencies.md":
        "| package | for |\n| --- | --- |\n| `left-pad` | padding |\n",
    },
    findings: [
      "docs/reference/dependencies.md:3 documented-dependencies: left-pad is no dependency",
      "packages/ntp/package.json documented-dependencies: pino has no line in docs/reference/dependencies.md",
    ],
  },
  {
    name: "paths of one machine and hosts of a registry are found",
    rule: machinePaths,
    files: {
      "docs/a.md": `${HOME}\na/home/page is relative\n${REGISTRY}`,
    },
    findings: [
      `docs/a.md:1 machine-paths: "${HOME.slice(0, -2)}" belongs to one machine`,
      `docs/a.md:3 machine-paths: "${REGISTRY}" belongs to one machine`,
    ],
  },
  {
    name: "a lock without another platform's package is incomplete",
    rule: lockComplete,
    files: {
      "package-lock.json": JSON.stringify({
        packages: {
          "node_modules/tool": {
            optionalDependencies: { "tool-linux": "1.0.0", "tool-darwin": "1.0.0" },
          },
          "node_modules/tool/node_modules/tool-linux": {},
        },
      }),
    },
    findings: [
      "package-lock.json lock-complete: node_modules/tool wants tool-darwin@1.0.0, which the lock lacks: choose a version of which every platform is published",
    ],
  },
  {
    name: "a package has a README, its place in the types, and the product's version",
    rule: packageShape,
    files: {
      "package.json": JSON.stringify({ version: "0.1.0" }),
      "packages/ntp/package.json": JSON.stringify({ name: "@truechimer/ntp", version: "0.2.0" }),
    },
    findings: [
      "packages/ntp/package.json package-shape: the version is not 0.1.0",
      "packages/ntp/package.json package-shape: there is no README.md beside it",
      "packages/ntp/package.json package-shape: tsconfig.json does not reference packages/ntp",
    ],
  },
];

test.each(CASES)("$name", async ({ rule, files, findings }) => {
  const repository = createRepository(new Map(Object.entries(files)));
  expect(await findAll(repository, [rule])).toEqual(findings);
});
