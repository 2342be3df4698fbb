// The dashboard, built by Vite when its sources changed since the last build, and left alone otherwise.

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runChild } from "./launch.mjs";
import { SetUpError, secondsSince } from "./say.mjs";

/** Lies in the build itself, so that it goes when that goes. */
const MARKER = ".sources";
/** Documents that the dashboard shows as its help. */
const DOCUMENTS = "docs/reference";
const LEFT_OUT = new Set(["node_modules", "dist", "tests", "coverage"]);
const TEST_FILE = /\.test\.tsx?$/;

/**
 * @param {string} root
 * @param {import("./launch.mjs").Host} host
 * @param {(text: string) => void} say
 */
export async function buildWeb(root, host, say) {
  const web = join(root, "apps", "web");
  if (!existsSync(join(web, "index.html"))) return;
  const hash = await hashSources(root, [...(await sourceFolders(root, "apps/web")), DOCUMENTS]);
  const built = join(web, "dist");
  if (readMarker(built) === hash) return;
  say("building the dashboard");
  const began = performance.now();
  const fresh = mkdtempSync(join(web, ".dist-"));
  try {
    await runVite(root, web, fresh, host);
    chmodSync(fresh, 0o755);
    writeFileSync(join(fresh, MARKER), `${hash}\n`);
    replaceFolder(fresh, built);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  say(`dashboard built in ${secondsSince(began)}`);
}

/**
 * The folders whose files end up in the build: the app's own and those of the packages it depends on.
 *
 * @param {string} root
 * @param {string} folder of the package to start from, relative to the root
 * @returns {Promise<readonly string[]>} sorted, relative to the root
 */
export async function sourceFolders(root, folder) {
  const found = new Set([folder]);
  for (const next of found) {
    const manifest = JSON.parse(await readFile(join(root, next, "package.json"), "utf8"));
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (name.startsWith("@truechimer/"))
        found.add(`packages/${name.slice("@truechimer/".length)}`);
    }
  }
  return [...found].toSorted();
}

/**
 * @param {string} root
 * @param {readonly string[]} folders
 * @returns {Promise<string>}
 */
export async function hashSources(root, folders) {
  const hash = createHash("sha256");
  const files = (await Promise.all(folders.map((folder) => listFiles(root, folder)))).flat();
  for (const path of [...files, "package-lock.json"]) {
    hash.update(`${path}\0`).update(await readFile(join(root, path)));
  }
  return hash.digest("hex");
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Promise<string[]>} sorted paths relative to the root
 */
async function listFiles(root, folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry) => {
      if (LEFT_OUT.has(entry.name) || entry.name.startsWith(".") || TEST_FILE.test(entry.name))
        return [];
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? await listFiles(root, path) : [path];
    }),
  );
  return lists.flat().toSorted();
}

/**
 * @param {string} root
 * @param {string} web
 * @param {string} outDir
 * @param {import("./launch.mjs").Host} host
 */
async function runVite(root, web, outDir, host) {
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const args = [vite, "build", "--logLevel", "warn", "--outDir", outDir, "--emptyOutDir"];
  // Under a test runner NODE_ENV says "test", which would build React's development version.
  const env = { ...host.env, NODE_ENV: "production" };
  let output = "";
  const onOutput = (/** @type {string} */ text) => {
    output += text;
  };
  const code = await runChild(host.node, args, { cwd: web, env, onOutput, killOnSignal: true });
  if (code === 0) return;
  process.stderr.write(output);
  throw new SetUpError("the dashboard could not be built; Vite's message is above");
}

/**
 * A server that is serving the old build goes on with files that it has open; a request in the instant between the two
 * renames finds none.
 *
 * @param {string} fresh
 * @param {string} target
 */
function replaceFolder(fresh, target) {
  const old = `${fresh}-old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

/** @param {string} built */
function readMarker(built) {
  try {
    return readFileSync(join(built, MARKER), "utf8").trim();
  } catch {
    return undefined;
  }
}
