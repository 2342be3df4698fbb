// Whether the real peers of our tests can be run here.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { AppError } from "@truechimer/base";

/** Where a distribution puts daemons that are not on a user's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/usr/bin", "/sbin", "/usr/local/sbin"];

/**
 * Whether a program is installed. Missing, it says so on standard error, so that a skipped test is seen; under `CI=true` it
 * throws, so that none is skipped there.
 *
 * @param debianPackage what to install to have it.
 */
export function programAvailable(program: string, debianPackage: string): boolean {
  if (findProgram(program) !== undefined) return true;
  const remedy = `${program} is not installed: install Debian's package ${debianPackage}`;
  if (process.env["CI"] === "true") throw new AppError("not_found", remedy);
  process.stderr.write(`SKIPPED: ${remedy}\n`);
  return false;
}

/** Path of a program that the caller cannot do without. Fails with not_found. */
export function installedProgram(name: string): string {
  const program = findProgram(name);
  if (program !== undefined) return program;
  throw new AppError("not_found", `${name} is not installed: install it, or skip what needs it`);
}

/** Absent: it is not installed. */
function findProgram(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES];
  return directories
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
