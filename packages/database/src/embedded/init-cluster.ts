// Makes a new cluster, whole or not at all: a killed initdb leaves a directory under another name, which the next start
// removes.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chown, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@truechimer/base";
import { identity } from "./account.ts";
import { DATABASE_USER } from "./credentials.ts";
import { appErrorFromFile, diskFull, errorCode, unwritable } from "./file-error.ts";
import { makeAccountDirectory, type Place } from "./place.ts";
import { unsupported } from "./platform-binaries.ts";
import { programEnvironment } from "./program-environment.ts";

const run = promisify(execFile);

/** A new cluster takes 40 MB, its first write-ahead log 16 MB, and the first hour needs some more. */
const FREE_BYTES_MIN = 96 * 1024 * 1024;
/** With less than this left, whatever failed did so for want of space. */
const FREE_BYTES_NONE = 8 * 1024 * 1024;

/** With which password, and whether to wait for the disk. */
export interface InitOptions {
  readonly password: string;
  /** False: do not wait for the disk. For clusters that need not outlive the process. */
  readonly durable: boolean;
}

/** Whether `initCluster` came to its end here: PG_VERSION is what initdb writes for a whole cluster. */
export function clusterExists(place: Pick<Place, "dataDir">): boolean {
  return existsSync(join(place.dataDir, "PG_VERSION"));
}

/** Fails with disk_full, directory_unwritable or database_start_failed. */
export async function initCluster(place: Place, options: InitOptions): Promise<void> {
  if (isOccupied(place.dataDir)) {
    throw unwritable(place.dataDir, "because it holds something that is no database");
  }
  if ((await freeBytes(place.directory)) < FREE_BYTES_MIN) throw diskFull(place.directory);
  const partial = join(place.directory, "data.new");
  const passwordFile = join(partial, "password");
  try {
    await rm(partial, { recursive: true, force: true });
    await makeAccountDirectory(partial, place.account);
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (place.account !== undefined) {
      await chown(passwordFile, place.account.uid, place.account.gid);
    }
    await runInitdb(place, join(partial, "data"), passwordFile, options.durable);
    await rename(join(partial, "data"), place.dataDir);
  } catch (error) {
    throw appErrorFromFile(error, place.directory);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function runInitdb(
  place: Place,
  dataDir: string,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  const settings = [
    `--pgdata=${dataDir}`,
    `--username=${DATABASE_USER}`,
    `--pwfile=${passwordFile}`,
    "--auth-host=scram-sha-256",
    "--auth-local=scram-sha-256",
    "--encoding=UTF8",
    // The same order of texts on every host.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ];
  try {
    await run(join(place.binDir, "initdb"), settings, {
      cwd: "/",
      env: programEnvironment(),
      ...identity(place.account),
    });
  } catch (error) {
    throw await initError(error, place);
  }
}

async function initError(error: unknown, place: Place): Promise<AppError> {
  if (errorCode(error) === "ENOENT") return unsupported(`this ${process.platform} system`);
  if ((await freeBytes(place.directory)) < FREE_BYTES_NONE) return diskFull(place.directory, error);
  const told = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
  const reason = told.split("\n").at(-1) ?? "";
  return new AppError(
    "database_start_failed",
    `initdb could not make a database in ${place.dataDir} ("${reason}"): correct that, or set DATABASE_URL to a PostgreSQL of your own`,
    { cause: error },
  );
}

function isOccupied(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length > 0;
}

/** Of the PostgreSQL that made the cluster. */
export function clusterMajor(place: Pick<Place, "dataDir">): number {
  return Number.parseInt(readFileSync(join(place.dataDir, "PG_VERSION"), "utf8"), 10);
}

/** What this account may still write on the disk that holds `directory`. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
