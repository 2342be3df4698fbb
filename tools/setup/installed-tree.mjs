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
 * @property {string | readonly string[]} [os]
 * @property {string | readonly string[]} [cpu]
 * @property {string | readonly string[]} [libc]
 */

/** @typedef {{packages: Record<string, LockedPackage>}} Lock */

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
 * @returns {string | undefined} the first difference in words, or undefined
 */
export function findDifference(wanted, installed, host) {
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) continue;
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
