// Does node_modules hold what package-lock.json asks for? npm leaves its own account of what it installed in
// node_modules/.package-lock.json, which it writes last; comparing the two spares an install after a pull that changed
// nothing for us, or after somebody ran npm by hand.

import { readFileSync } from "node:fs";

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {boolean} [dev] only tests and checks need it
 * @property {boolean} [devOptional] only they, and optional packages or peers: npm installs it all the same
 * @property {string | readonly string[]} [os]
 * @property {string | readonly string[]} [cpu]
 * @property {string | readonly string[]} [libc]
 */

/** @typedef {{packages: Record<string, LockedPackage>}} Lock */

/** @typedef {"product" | "all"} Scope what the product and the build of its page need, or that and what tests and checks need */

/**
 * @param {string} path
 * @returns {Lock | undefined} undefined when there is none, or none that can be read
 */
export function readLock(path) {
  try {
    const lock = JSON.parse(readFileSync(path, "utf8"));
    return typeof lock.packages === "object" ? lock : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Lock} wanted
 * @param {Lock} installed
 * @param {{platform: string, arch: string}} host
 * @param {Scope} scope
 * @returns {string | undefined} the first difference in words, or undefined
 */
export function findDifference(wanted, installed, host, scope) {
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) continue;
    if (scope === "product" && (entry.dev === true || entry.devOptional === true)) continue;
    const found = installed.packages[path];
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    if (found === undefined) {
      if (!isWantedHere(entry, host)) continue;
      return `${name} is not installed`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${name} is ${found.version} and should be ${entry.version}`;
    }
  }
  return undefined;
}

/**
 * @param {Lock} installed
 * @returns {boolean} whether what only tests and checks need is there, all of it or a part
 */
export function hasTools(installed) {
  return Object.values(installed.packages).some(({ dev }) => dev === true);
}

/**
 * Only an optional package that names this platform is expected here. For the others (another libc, a package that only
 * another optional one needs) npm alone knows whether they are rightly absent, so they are not held against the tree.
 *
 * @param {LockedPackage} entry
 * @param {{platform: string, arch: string}} host
 */
function isWantedHere(entry, { platform, arch }) {
  if (entry.optional !== true) return true;
  if (entry.os === undefined || entry.libc !== undefined) return false;
  return matches(entry.os, platform) && matches(entry.cpu, arch);
}

/**
 * @param {string | readonly string[] | undefined} allowed names, or names with an exclamation mark for "not this one"
 * @param {string} value
 */
function matches(allowed, value) {
  if (allowed === undefined) return true;
  const names = typeof allowed === "string" ? [allowed] : allowed;
  if (names.includes(`!${value}`)) return false;
  const positive = names.filter((name) => !name.startsWith("!"));
  return positive.length === 0 || positive.includes(value);
}
