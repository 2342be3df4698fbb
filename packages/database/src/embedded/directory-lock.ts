// One process per data directory. The lock must be atomic, vanish with a killed process, and hold between containers
// that share the directory; Node has no flock, but it carries SQLite, whose exclusive lock on a file is the operating
// system's own. Nothing is ever stored in that file.

import { readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "@truechimer/base";
import { appErrorFromFile } from "./file-error.ts";

/** A directory that is this process's own. Disposing gives it back, and so does the end of the process. */
export interface DirectoryLock extends Disposable {
  readonly directory: string;
}

const SQLITE_BUSY = 5;
const SQLITE_CANTOPEN = 14;

/**
 * Takes the directory for this process until disposal or death. Fails with directory_in_use,
 * directory_unwritable or disk_full.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = openLockFile(directory);
  try {
    // Without a journal, so that a full disk is no obstacle: nothing is ever written.
    file.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    file.close();
    throw sqliteCode(error) === SQLITE_BUSY
      ? inUse(directory, error)
      : unlockable(directory, error);
  }
  try {
    await writeFile(holderFile(directory), `${process.pid}\n`);
  } catch (error) {
    file.close();
    throw appErrorFromFile(error, directory);
  }
  return { directory, [Symbol.dispose]: () => file.close() };
}

function openLockFile(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(join(directory, "lock"));
  } catch (error) {
    throw sqliteCode(error) === SQLITE_CANTOPEN ? unlockable(directory, error) : error;
  }
}

function inUse(directory: string, cause: unknown): AppError {
  const who = describeHolder(directory);
  return new AppError(
    "directory_in_use",
    `${directory} is in use by ${who}: stop that first, or choose another data directory`,
    { cause },
  );
}

function unlockable(directory: string, cause: unknown): AppError {
  return new AppError(
    "directory_unwritable",
    `${directory} cannot be locked: give this user the right to write there, or choose another data directory`,
    { cause },
  );
}

function describeHolder(directory: string): string {
  try {
    const path = holderFile(directory);
    const pid = readFileSync(path, "utf8").trim();
    return `process ${pid} since ${statSync(path).mtime.toISOString()}`;
  } catch {
    return "another process";
  }
}

/** Beside the lock, because nobody can read a file that is locked. For people alone. */
function holderFile(directory: string): string {
  return join(directory, "lock-holder");
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : undefined;
}
