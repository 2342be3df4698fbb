// The packages of package-lock.json, installed by the npm that runs us, without any install script: those that the product
// and the build of its page need, or all, with what only tests and checks need. What is there already is never taken away
// from a program that may be running on it.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDifference, hasTools, readLock } from "./installed-tree.mjs";
import { runChild } from "./launch.mjs";
import { pinnedNodePackage } from "./pinned-node.mjs";
import { SetUpError, secondsSince } from "./say.mjs";

/** @typedef {(text: string) => void} Say */
/** @typedef {import("./installed-tree.mjs").Scope} Scope */

/** Optional are native parts, whatever the user's own npm settings leave out; other engines are only warned about. */
const ALWAYS = ["--ignore-scripts", "--include=optional", "--loglevel=error"];
/** `include` wins over NODE_ENV and the user's own settings. @type {Readonly<Record<Scope, readonly string[]>>} */
const BY_SCOPE = { product: ["--omit=dev"], all: ["--include=dev"] };
/** `ci` begins with an empty node_modules. */
const ANEW = ["ci"];
/** Writes no manifest and no lock, and leaves what is right where it is. */
const ADDING = ["install", "--no-save", "--prefer-offline"];
const PROGRESS_MS = 10_000;
/** Inside node_modules, so that it goes when that goes. */
const MARKER = join("node_modules", ".installed");

/**
 * @param {string} root
 * @param {Scope} scope
 * @param {Say} say
 */
export async function installPackages(root, scope, say) {
  const hash = hashOf(readFileSync(join(root, "package-lock.json"), "utf8"));
  const marked = readMarker(root);
  if (marked === `${hash} all` || marked === `${hash} ${scope}`) return;
  const reason = whyInstall(root, scope);
  if (reason !== undefined) await install(root, reason, say);
  writeFileSync(join(root, MARKER), `${hash} ${scope}\n`);
}

/**
 * @typedef {object} Reason
 * @property {string} text what is missing
 * @property {readonly string[]} how npm's command
 * @property {Scope} scope
 */

/**
 * @param {string} root
 * @param {Scope} scope
 * @returns {Reason | undefined} undefined when node_modules holds what the lock asks for
 */
function whyInstall(root, scope) {
  const wanted = readLock(join(root, "package-lock.json"));
  const installed = readLock(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined)
    throw new SetUpError("package-lock.json is missing or not readable as JSON");
  if (installed === undefined) return { text: "first start in this clone", how: ANEW, scope };
  const host = { platform: process.platform, arch: process.arch };
  const ofProduct = findDifference(wanted, installed, host, "product");
  if (ofProduct !== undefined) {
    // Who has run the tests here runs them again.
    return { text: ofProduct, how: ANEW, scope: hasTools(installed) ? "all" : scope };
  }
  const text = findDifference(wanted, installed, host, scope);
  // A control plane may be running on what is installed, and load a part of it only when it is asked for.
  return text === undefined ? undefined : { text, how: ADDING, scope };
}

/**
 * @param {string} root
 * @param {Reason} reason
 * @param {Say} say
 */
async function install(root, { text, how, scope }, say) {
  const npm = findNpm();
  const what = scope === "all" ? "packages and tools" : "packages";
  say(`installing ${what}, which needs the network this once (${text})`);
  const began = performance.now();
  const ticking = setInterval(
    () => say(`still installing after ${secondsSince(began)}`),
    PROGRESS_MS,
  );
  try {
    const code = await runChild(npm.file, [...npm.args, ...how, ...ALWAYS, ...BY_SCOPE[scope]], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      killOnSignal: true,
    });
    if (code !== 0) {
      throw new SetUpError(
        `npm could not install the packages (exit ${code}); its message is above`,
      );
    }
  } finally {
    clearInterval(ticking);
  }
  requirePinnedNode(root);
  say(`${what} installed in ${secondsSince(began)}`);
}

/**
 * npm passes over an optional package whose download failed, without a word.
 *
 * @param {string} root
 */
function requirePinnedNode(root) {
  const name = pinnedNodePackage(process.platform, process.arch);
  if (name === undefined || existsSync(join(root, "node_modules", name, "package.json"))) return;
  const lock = readLock(join(root, "package-lock.json"));
  if (lock?.packages[`node_modules/${name}`] === undefined) return;
  throw new SetUpError(
    `npm left out ${name}, the Node that this runs on: its download must have failed; run the same command again`,
  );
}

/**
 * The npm that runs us, on the Node that runs it; the one on the path when we were started without npm. Never the pinned
 * Node, because npm is about to replace it.
 */
function findNpm() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  if (cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)) {
    return { file: node ?? process.execPath, args: [cli] };
  }
  return { file: process.platform === "win32" ? "npm.cmd" : "npm", args: [] };
}

/** @param {string} root */
function readMarker(root) {
  try {
    return readFileSync(join(root, MARKER), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** @param {string} text */
function hashOf(text) {
  return createHash("sha256").update(text).digest("hex");
}
