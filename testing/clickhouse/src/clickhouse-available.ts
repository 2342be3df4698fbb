// Whether a real ClickHouse can be started here.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { AppError } from "@truechimer/base";

/** Where Debian puts it, which is not on a user's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/usr/bin"];
const REMEDY = "clickhouse-server is not installed: install Debian's package clickhouse-server";

/**
 * Whether ClickHouse is installed. Missing, it says so on standard error, so that a skipped test is seen; under `CI=true`
 * it throws, so that none is skipped there.
 */
export function clickHouseAvailable(): boolean {
  if (findClickHouse() !== undefined) return true;
  if (process.env["CI"] === "true") throw new AppError("not_found", REMEDY);
  process.stderr.write(`SKIPPED: ${REMEDY}\n`);
  return false;
}

/** Path of the program. */
export function clickHouseProgram(): string {
  const program = findClickHouse();
  if (program === undefined) throw new AppError("not_found", REMEDY);
  return program;
}

function findClickHouse(): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES]
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, "clickhouse-server"))
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
