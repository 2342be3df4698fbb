// The data directory: what one `truechimer up` owns on this host. Its lock is a lock of the operating system, so it is
// free again the moment its holder ends, however it ends.

import { constants } from "node:fs";
import { access, chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "@truechimer/base";

/** The repository's root, whose `.truechimer` is the default. */
const DEFAULT_DIRECTORY = new URL("../../../.truechimer", import.meta.url);

/** How a command on this host reaches the control plane that runs in a data directory. Mode 0600. */
export interface AdminAddress {
  readonly url: string;
  readonly key: string;
  readonly processId: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
  writeAdminAddress(address: AdminAddress): Promise<void>;
}

/** Absolute. */
export function dataDirectoryPath(given: string | undefined): string {
  return given === undefined ? decodeURIComponent(DEFAULT_DIRECTORY.pathname) : resolve(given);
}

/** Makes the directory if need be and locks it. Fails with directory_unwritable or directory_in_use. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await makeWritable(path);
  const unlock = await lockDirectory(path);
  return {
    path,
    writeAdminAddress: (address) => writeAdminAddress(path, address),
    [Symbol.asyncDispose]: async () => {
      await rm(join(path, ADMIN_FILE), { force: true });
      unlock();
    },
  };
}

const ADMIN_FILE = "admin.json";
const LOCK_FILE = "lock";
const OWNER_ONLY = 0o600;

/** Undefined: nothing runs there, or nothing that this account may reach. */
export async function readAdminAddress(path: string): Promise<AdminAddress | undefined> {
  try {
    return JSON.parse(await readFile(join(path, ADMIN_FILE), "utf8")) as AdminAddress;
  } catch {
    return undefined;
  }
}

async function writeAdminAddress(path: string, address: AdminAddress): Promise<void> {
  const file = join(path, ADMIN_FILE);
  // A new file each time: one that is there might be readable by others, or be half read.
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${JSON.stringify(address)}\n`, { mode: OWNER_ONLY, flag: "wx" });
  await rename(fresh, file);
}

async function makeWritable(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new AppError(
      "directory_unwritable",
      `data directory ${path} cannot be written: give this account the right to, or name another one with --data-dir`,
      { cause },
    );
  }
}

/** SQLite's exclusive lock: the one lock of the operating system that Node offers on each platform. */
async function lockDirectory(path: string): Promise<() => void> {
  const { DatabaseSync } = await import("node:sqlite");
  const file = join(path, LOCK_FILE);
  try {
    const holder = new DatabaseSync(file, { timeout: 0 });
    holder.exec("BEGIN EXCLUSIVE");
    await chmod(file, OWNER_ONLY);
    return () => holder.close();
  } catch (cause) {
    throw await lockFailure(path, cause);
  }
}

const SQLITE_BUSY = 5;

async function lockFailure(path: string, cause: unknown): Promise<AppError> {
  if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) {
    const message = `data directory ${path} cannot be locked: check its file system and rights, or name another one with --data-dir`;
    return new AppError("directory_unwritable", message, { cause });
  }
  const holder = await readAdminAddress(path);
  const who =
    holder === undefined
      ? "another truechimer, which is just starting or stopping"
      : `truechimer with process id ${holder.processId} (its dashboard: ${holder.url})`;
  return new AppError(
    "directory_in_use",
    `data directory ${path} is in use by ${who}: stop that one, or name another directory with --data-dir`,
    { cause },
  );
}
