// Whether Debian's chronyd (and friends) can be run here.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a distribution puts daemons that are not on a user's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** Path of an installed program. Absent: it is not installed. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES];
  return directories
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Whether chronyd is installed. */
export function chronyAvailable(): boolean {
  return findProgram("chronyd") !== undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
