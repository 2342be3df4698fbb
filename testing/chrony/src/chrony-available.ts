// Whether the real peers of our interoperability tests can be run here.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { AppError } from "@truechimer/base";

/** Where a distribution puts daemons that are not on a user's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/**
 * Whether chronyd is installed. Missing, it says so on standard error, so that a skipped test is seen; under `CI=true`
 * it throws, so that none is skipped there.
 */
export function chronyAvailable(): boolean {
  return programAvailable("chronyd", "chrony");
}

/** The same for ntpdig, NTPsec's client. */
export function ntpdigAvailable(): boolean {
  return programAvailable("ntpdig", "ntpsec-ntpdig");
}

/** Path of an installed program. Absent: it is not installed. */
function findProgram(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES];
  return directories
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Path of a program that the caller cannot do without. */
export function installedProgram(name: string): string {
  const program = findProgram(name);
  if (program !== undefined) return program;
  throw new AppError("not_found", `${name} is not installed: install it, or skip what needs it`);
}

/** The same for any program of a Debian package. */
export function programAvailable(program: string, debianPackage: string): boolean {
  if (findProgram(program) !== undefined) return true;
  const remedy = `${program} is not installed: install Debian's package ${debianPackage}`;
  if (process.env["CI"] === "true") throw new AppError("not_found", remedy);
  process.stderr.write(`SKIPPED: ${remedy}\n`);
  return false;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
