// The data directory: what one `truechimer up` owns on this host, and how the other commands find it.

import { constants } from "node:fs";
import { access, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@truechimer/base";
import type { DirectoryLock } from "@truechimer/database";

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
  return given === undefined ? fileURLToPath(DEFAULT_DIRECTORY) : resolve(given);
}

/** Makes the directory if need be and locks it. Fails with directory_unwritable or directory_in_use. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await makeWritable(path);
  const lock = await lockHeldBySelf(path);
  return {
    path,
    writeAdminAddress: (address) => writeAdminAddress(path, address),
    [Symbol.asyncDispose]: async () => {
      await rm(join(path, ADMIN_FILE), { force: true });
      lock[Symbol.dispose]();
    },
  };
}

const ADMIN_FILE = "admin.json";
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
  try {
    await replaceFile(file, `${JSON.stringify(address)}\n`);
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

async function replaceFile(file: string, content: string): Promise<void> {
  // A new file each time: one that is there might be readable by others, or be half read.
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode: OWNER_ONLY, flag: "wx" });
  await rename(fresh, file);
}

async function makeWritable(path: string): Promise<void> {
  try {
    const { makeWithParents } = await import("@truechimer/database");
    await makeWithParents(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

const NO_SPACE: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

function writeFailure(path: string, cause: unknown): AppError {
  if (NO_SPACE.has((cause as NodeJS.ErrnoException).code)) {
    const message = `the disk that holds ${path} is full: free some space there, and start again; nothing that was stored is lost`;
    return new AppError("disk_full", message, { cause });
  }
  return new AppError(
    "directory_unwritable",
    `data directory ${path} cannot be written: give this account the right to, or name another one with --data-dir`,
    { cause },
  );
}

/** Who holds the directory can be asked for its dashboard: it may be what the person was after. */
async function lockHeldBySelf(path: string): Promise<DirectoryLock> {
  const { lockDirectory } = await import("@truechimer/database");
  try {
    return await lockDirectory(path);
  } catch (error) {
    const holder = await readAdminAddress(path);
    const inUse = error instanceof AppError && error.code === "directory_in_use";
    if (!inUse || holder === undefined) throw error;
    throw new AppError(
      "directory_in_use",
      `data directory ${path} is in use by the truechimer with process id ${holder.processId}, whose dashboard is ${holder.url}: stop that one, or name another directory with --data-dir`,
      { cause: error },
    );
  }
}
