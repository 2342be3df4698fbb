// The real openssl, for a second opinion.

import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

/** Missing, it says so on standard error, so that a skipped test is seen; under `CI=true` it throws. */
export function opensslAvailable(): boolean {
  if (spawnSync("openssl", ["version"]).status === 0) return true;
  const remedy = "openssl is not installed: install Debian's package openssl";
  if (process.env["CI"] === "true") throw new Error(remedy);
  process.stderr.write(`SKIPPED: ${remedy}\n`);
  return false;
}

/** What it prints. Rejects with what it says when it fails. */
export async function openssl(directory: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)("openssl", args, {
    cwd: directory,
    encoding: "utf8",
  });
  return stdout + stderr;
}
