// What each npm script runs once the clone is ready. The order of `check` is a house rule: it stops at the first failure.

import { join } from "node:path";

/**
 * @typedef {object} Step
 * @property {string} title what is being done, for the person who waits
 * @property {readonly string[]} nodeArgs options of the pinned Node
 * @property {readonly string[]} args the script and its arguments
 */

/** @typedef {"web" | "postgres"} Need set-up beyond the packages and Node itself */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {import("./installed-tree.mjs").Scope} scope of the packages: what runs the product waits for no tool of tests
 * @property {(args: readonly string[]) => readonly Need[]} needs
 * @property {(context: {root: string, args: readonly string[]}) => readonly Step[]} steps
 */

/**
 * V8 watches which places make objects that live long, and then puts what they make where it looks seldom. A page of rows
 * lives for some milliseconds, but all of it at once: taken for long-lived, page after page would stay until the whole heap is
 * collected, 200 MB later.
 */
const SHORT_LIVED = "--no-allocation-site-pretenuring";

/** Types are stripped by Node itself, and packages resolve to their sources. */
const FROM_SOURCE = ["--conditions=source", "--disable-warning=ExperimentalWarning", SHORT_LIVED];

/**
 * Room for what lives as long as a request. With V8's 16 MB a busy control plane spends a sixth of its processor time on
 * copying what is about to die.
 */
const YOUNG_GENERATION = "--max-semi-space-size=64";

/** Commands that come and go write rows as they come: with V8's own, one that writes many would take 25 MB more. */
const SMALL_YOUNG_GENERATION = "--max-semi-space-size=8";

/** @type {readonly Need[]} */
const EVERYTHING = ["web", "postgres"];

/** The subcommands of the program that serve the dashboard or start a database. */
const SERVING = ["up", "server", "db"];

/** Those that may start the embedded database for a moment. */
const REACHING_A_DATABASE = ["backup", "restore", "doctor"];

/** @type {readonly Command[]} */
const COMMANDS = [
  {
    name: "start",
    scope: "product",
    needs: () => EVERYTHING,
    steps: ({ root, args }) => [program("truechimer up", mainPath(root), ["up", ...args])],
  },
  {
    name: "cli",
    scope: "product",
    needs: ([subcommand = ""]) => {
      if (SERVING.includes(subcommand)) return EVERYTHING;
      return REACHING_A_DATABASE.includes(subcommand) ? ["postgres"] : [];
    },
    steps: ({ root, args }) => [
      SERVING.includes(args[0] ?? "")
        ? program("truechimer", mainPath(root), args)
        : small(program("truechimer", mainPath(root), args)),
    ],
  },
  {
    name: "test",
    scope: "all",
    needs: () => EVERYTHING,
    steps: ({ root, args }) => [tool(root, "tests", "vitest/vitest.mjs", ["run", ...args])],
  },
  {
    name: "bench",
    scope: "all",
    needs: () => [],
    steps: ({ root, args }) => [program("benchmarks", join(root, "bench", "src", "main.ts"), args)],
  },
  {
    name: "bundle",
    scope: "all",
    needs: () => [],
    steps: ({ root, args }) => [program("bundle", join(root, "tools", "bundle", "main.ts"), args)],
  },
  {
    name: "coverage",
    scope: "all",
    needs: () => [],
    steps: ({ root, args }) => [
      program("coverage", join(root, "tools", "coverage", "main.ts"), args),
    ],
  },
  {
    name: "reference",
    scope: "all",
    needs: () => [],
    steps: ({ root, args }) => [
      program("reference", join(root, "tools", "reference", "main.ts"), args),
    ],
  },
  { name: "check", scope: "all", needs: () => [], steps: checkSteps },
];

/**
 * @param {string} name
 * @returns {Command | undefined}
 */
export function findCommand(name) {
  return COMMANDS.find((command) => command.name === name);
}

/** @returns {readonly string[]} */
export function commandNames() {
  return COMMANDS.map((command) => command.name);
}

/**
 * `npm run check -- --fix` lets the formatter and the linter write what they can.
 *
 * @param {{root: string, args: readonly string[]}} context
 * @returns {readonly Step[]}
 */
function checkSteps({ root, args }) {
  const fix = args.includes("--fix");
  const biome = ["check", "--linter-enabled=false", ...(fix ? ["--write"] : []), "."];
  const oxlint = ["--type-aware", "--deny-warnings", ...(fix ? ["--fix"] : [])];
  return [
    tool(root, "format", "@biomejs/biome/bin/biome", biome),
    tool(root, "lint", "oxlint/bin/oxlint", oxlint),
    tool(root, "types", "typescript/bin/tsc", ["-b"]),
    program("tidy", join(root, "tools", "tidy", "main.ts"), []),
  ];
}

/**
 * @param {string} root
 * @param {string} title
 * @param {string} path below node_modules
 * @param {readonly string[]} args
 * @returns {Step}
 */
function tool(root, title, path, args) {
  return { title, nodeArgs: [], args: [join(root, "node_modules", ...path.split("/")), ...args] };
}

/**
 * @param {string} title
 * @param {string} path
 * @param {readonly string[]} args
 * @returns {Step}
 */
function program(title, path, args) {
  return { title, nodeArgs: [...FROM_SOURCE, YOUNG_GENERATION], args: [path, ...args] };
}

/**
 * @param {Step} step
 * @returns {Step}
 */
function small(step) {
  return { ...step, nodeArgs: [...FROM_SOURCE, SMALL_YOUNG_GENERATION] };
}

/** @param {string} root */
function mainPath(root) {
  return join(root, "apps", "truechimer", "src", "main.ts");
}
