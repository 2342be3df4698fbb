// The packages of package-lock.json, installed by the npm that runs us, without any install script.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findDifference, readLock } from "./installed-tree.mjs";
import { runChild } from "./launch.mjs";
import { pinnedNodePackage } from "./pinned-node.mjs";
import { SetUpError, secondsSince } from "./say.mjs";

/** @typedef {(text: string) => void} Say */

/** Everything, whatever NODE_ENV and the user's own npm settings leave out; other engines are only warned about. */
const CI = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--loglevel=error"];
const PROGRESS_MS = 10_000;
/** Inside node_modules, so that it goes when that goes. */
const MARKER = join("node_modules", ".installed");

/**
 * @param {string} root
 * @param {Say} say
 */
export async function installPackages(root, say) {
  const hash = hashOf(readFileSync(join(root, "package-lock.json"), "utf8"));
  if (readMarker(root) === hash) return;
  const reason = whyInstall(root);
  if (reason !== undefined) await install(root, reason, say);
  writeFileSync(join(root, MARKER), `${hash}\n`);
}

/**
 * @param {string} root
 * @returns {string | undefined} what is missing, or undefined when node_modules is what the lock asks for
 */
function whyInstall(root) {
  const wanted = readLock(join(root, "package-lock.json"));
  const installed = readLock(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined)
    throw new SetUpError("package-lock.json is missing or not readable as JSON");
  if (installed === undefined) return "first start in this clone";
  return findDifference(wanted, installed, { platform: process.platform, arch: process.arch });
}

/**
 * @param {string} root
 * @param {string} reason
 * @param {Say} say
 */
async function install(root, reason, say) {
  const npm = findNpm();
  say(`installing packages, which needs the network this once (${reason})`);
  const began = performance.now();
  const ticking = setInterval(
    () => say(`still installing after ${secondsSince(began)}`),
    PROGRESS_MS,
  );
  try {
    const code = await runChild(npm.file, [...npm.args, ...CI], {
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
  say(`packages installed in ${secondsSince(began)}`);
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
