// Whether a real broker can be started here.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { AppError } from "@truechimer/base";

/** Where a distribution puts daemons that are not on a user's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
const REMEDY = "mosquitto is not installed: install Debian's package mosquitto";

/**
 * Whether Mosquitto is installed. Missing, it says so on standard error, so that a skipped test is seen; under `CI=true`
 * it throws, so that none is skipped there.
 */
export function mosquittoAvailable(): boolean {
  if (findMosquitto() !== undefined) return true;
  if (process.env["CI"] === "true") throw new AppError("not_found", REMEDY);
  process.stderr.write(`SKIPPED: ${REMEDY}\n`);
  return false;
}

/** Path of the program. */
export function mosquittoProgram(): string {
  const program = findMosquitto();
  if (program === undefined) throw new AppError("not_found", REMEDY);
  return program;
}

function findMosquitto(): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES]
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, "mosquitto"))
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
