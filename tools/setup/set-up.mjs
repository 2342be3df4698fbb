// Makes a clone ready: packages, the pinned Node, the embedded PostgreSQL's files, the dashboard's build. Each step looks
// first and does nothing when nothing is to be done, so that a warm clone is ready in a fraction of a second and offline.

import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { installPackages } from "./install.mjs";
import { withSetUpLock } from "./lock.mjs";
import { findPinnedNode } from "./pinned-node.mjs";
import { say } from "./say.mjs";
import { buildWeb } from "./web-build.mjs";

/**
 * @param {string} root
 * @param {{needs: readonly import("./commands.mjs").Need[], scope: import("./installed-tree.mjs").Scope}} options
 * @returns {Promise<import("./launch.mjs").Host>}
 */
export async function setUp(root, { needs, scope }) {
  return await withSetUpLock(root, say, async () => {
    await installPackages(root, scope, say);
    const node = await findPinnedNode(root);
    const host = { node, env: environment(root, node) };
    if (needs.includes("postgres")) await setUpPostgres(root);
    if (needs.includes("web")) await buildWeb(root, host, say);
    return host;
  });
}

/** @param {string} root */
async function setUpPostgres(root) {
  const step = join(root, "tools", "setup", "postgres.mjs");
  if (!existsSync(step)) return;
  const { setUpPostgres: run } = await import(pathToFileURL(step).href);
  await run(root, say);
}

/**
 * The programs of this clone come first on the path: whoever says `node` gets the pinned one.
 *
 * @param {string} root
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(root, node) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  const wanted = [join(root, "node_modules", ".bin"), dirname(node)];
  const rest = (process.env[name] ?? "").split(delimiter).filter((path) => !wanted.includes(path));
  return { ...process.env, [name]: [...wanted, ...rest].join(delimiter) };
}
