// Where a cluster lives. As an ordinary user: in the directory that was asked for, with the binaries where npm put
// them. As root, PostgreSQL runs under another account (account.ts), and both must lie where that account can get:
// a clone below a home that only root may enter is the usual case where they do not. Then data and a copy of the
// binaries go to a place of the system's, under a name that follows from the directory that was asked for.
//
// In the chosen directory: data/ (the cluster), lock, lock-holder, credentials.json, postgres.log;
// in one of the system's places also made-for.txt, which names the directory that was asked for.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, statSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Account, accountOfOwner, canReach, chooseAccount } from "./account.ts";
import { copyBinaries } from "./copy-binaries.ts";
import { appErrorFromFile, errorCode, unwritable } from "./file-error.ts";
import { librariesLinked, nativeDir, type PlatformBinaries } from "./platform-binaries.ts";

/** Where a cluster lies, and whom it belongs to. */
export interface Place {
  /** The chosen directory. */
  readonly directory: string;
  /** The cluster itself: PGDATA. */
  readonly dataDir: string;
  /** Where initdb and postgres lie. */
  readonly binDir: string;
  /** Whom PostgreSQL runs as. Undefined: as this process. */
  readonly account: Account | undefined;
}

/** Outside of every home, kept over restarts of the host; the first one that root alone can write is taken. */
export const SYSTEM_DIRECTORIES: readonly string[] = ["/var/lib/truechimer", "/var/tmp/truechimer"];

/** Entering is enough for PostgreSQL's account; what we keep beside the cluster is not for listing. */
const DIRECTORY_MODE = 0o711;
const PRIVATE_MODE = 0o700;
const HASH_DIGITS = 12;

/** What the choice is made from. */
export interface PlaceOptions {
  readonly preferredDir: string;
  readonly say: (text: string) => void;
  readonly binaries: PlatformBinaries;
  /** Default: `SYSTEM_DIRECTORIES`. */
  readonly systemDirectories?: readonly string[];
}

interface Surroundings {
  readonly account: Account;
  readonly say: (text: string) => void;
  readonly systemDirectories: readonly string[];
}

/** Decides, and makes the directory. Says so when it is not the one that was asked for. */
export async function choosePlace(options: PlaceOptions): Promise<Place> {
  const { say, binaries, systemDirectories = SYSTEM_DIRECTORIES } = options;
  const account = await chooseAccount();
  const preferred = await makeDirectory(options.preferredDir);
  if (account === undefined) return await ordinaryPlace(preferred, binaries);
  const directory = await reachableDirectory(preferred, { account, say, systemDirectories });
  const owner = dataOwner(directory) ?? account;
  const packageDir = await reachableBinaries(binaries, { account: owner, say, systemDirectories });
  return place(directory, packageDir, owner);
}

async function ordinaryPlace(directory: string, binaries: PlatformBinaries): Promise<Place> {
  const owner = dataOwner(directory);
  if (owner !== undefined && owner.uid !== process.getuid?.() && process.platform !== "win32") {
    throw unwritable(
      join(directory, "data"),
      `(it belongs to ${owner.name}, made by a run as root)`,
    );
  }
  return place(directory, await linkedBinaries(binaries, directory), undefined);
}

async function linkedBinaries(binaries: PlatformBinaries, directory: string): Promise<string> {
  if (librariesLinked(binaries.packageDir)) return binaries.packageDir;
  const copy = join(directory, `postgresql-${binaries.version}`);
  if (!existsSync(copy)) await copyBinaries(binaries, copy, directory);
  return copy;
}

/** Where programs of a package can be run for a place: the package's own bin/, or that of a copy that is made. */
export async function runnableBinDir(
  binaries: PlatformBinaries,
  { account, directory }: Pick<Place, "account" | "directory">,
  say: (text: string) => void,
): Promise<string> {
  const packageDir =
    account === undefined
      ? await linkedBinaries(binaries, directory)
      : await reachableBinaries(binaries, { account, say, systemDirectories: SYSTEM_DIRECTORIES });
  return join(nativeDir(packageDir), "bin");
}

function place(directory: string, packageDir: string, account: Account | undefined): Place {
  return {
    directory,
    dataDir: join(directory, "data"),
    binDir: join(nativeDir(packageDir), "bin"),
    account,
  };
}

/** `preferred` where the account can use it, else the system's directory for it. Existing data are never left behind. */
async function reachableDirectory(
  preferred: string,
  { account, say, systemDirectories }: Surroundings,
): Promise<string> {
  const owner = dataOwner(preferred);
  if (owner !== undefined) {
    if (await canReach(owner, { writable: [join(preferred, "data")] })) return preferred;
    throw unwritable(
      join(preferred, "data"),
      `by ${owner.name}, whom it belongs to: let that account enter the directories above it`,
    );
  }
  const name = systemName(preferred);
  const earlier = systemDirectories
    .map((base) => join(base, name))
    .find((path) => ownedByRoot(path) && dataOwner(path) !== undefined);
  if (earlier === undefined && (await accountCanOwn(preferred, account))) return preferred;
  const directory =
    earlier ?? (await makeDirectory(join(await systemBase(systemDirectories), name)));
  // For whoever finds the directory after the clone is gone; nothing reads it, so nothing depends on it.
  await writeFile(join(directory, "made-for.txt"), `${preferred}\n`).catch(() => undefined);
  say(
    `as root, PostgreSQL runs under the account ${account.name}, which cannot enter ${preferred}: its data are in ${directory}`,
  );
  return directory;
}

/** The first that is root's alone, or can be made. */
async function systemBase(systemDirectories: readonly string[]): Promise<string> {
  let refused: unknown;
  for (const path of systemDirectories) {
    if (existsSync(path) && !ownedByRoot(path)) continue;
    try {
      return await makeDirectory(path);
    } catch (error) {
      refused = error;
    }
  }
  throw unwritable(systemDirectories.join(" and "), "by root alone", refused);
}

function systemName(preferred: string): string {
  return createHash("sha256").update(preferred).digest("hex").slice(0, HASH_DIGITS);
}

/** A directory that another user could have prepared in a shared place is not to be trusted. */
export function ownedByRoot(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return (
    found !== undefined && found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0
  );
}

/** Tries it: a directory is made, given away, and entered by the account. */
async function accountCanOwn(directory: string, account: Account): Promise<boolean> {
  const probe = await mkdtemp(join(directory, "reach-"));
  try {
    await chown(probe, account.uid, account.gid);
    return await canReach(account, { writable: [probe] });
  } catch {
    return false;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function reachableBinaries(
  binaries: PlatformBinaries,
  { account, say, systemDirectories }: Surroundings,
): Promise<string> {
  const { packageDir } = binaries;
  const needed = ["bin/postgres", "lib", "share"].map((name) => join(nativeDir(packageDir), name));
  const reachable = await canReach(account, { executable: needed });
  if (reachable && librariesLinked(packageDir)) return packageDir;
  const base = await systemBase(systemDirectories);
  const copy = join(base, `postgresql-${binaries.version}`);
  if (!existsSync(copy)) {
    say(`copying PostgreSQL's programs to ${copy}, where ${account.name} can run them`);
    await copyBinaries(binaries, copy, base);
  }
  return copy;
}

async function makeDirectory(path: string): Promise<string> {
  try {
    await makeWithParents(resolve(path));
    const directory = await realpath(path);
    const found = statSync(directory);
    const isOurs = found.uid === process.getuid?.();
    if (isOurs && (found.mode & DIRECTORY_MODE) !== DIRECTORY_MODE) {
      await chmod(directory, found.mode | DIRECTORY_MODE);
    }
    // Writing is what counts; rights on paper do not bind root, and do not lift a read-only mount.
    await rm(await mkdtemp(join(directory, "write-")), { recursive: true });
    return directory;
  } catch (error) {
    throw appErrorFromFile(error, path);
  }
}

/**
 * With mode 0711 where it is made. Step by step: Node's recursive mkdir tries for ever where the system calls a refused
 * directory missing (/proc).
 */
export async function makeWithParents(path: string): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  await makeWithParents(parent);
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw unwritable(path, "(ENOENT)", error);
    // Another process was faster.
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

/** Undefined: there is no cluster in `directory`. */
function dataOwner(directory: string): Account | undefined {
  const dataDir = join(directory, "data");
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  try {
    statSync(join(dataDir, "PG_VERSION"));
  } catch (error) {
    // A cluster of another account cannot be looked into.
    if (errorCode(error) !== "EACCES") return undefined;
  }
  return accountOfOwner(found);
}

/** Makes a directory that PostgreSQL's account alone can enter. */
export async function makeAccountDirectory(
  path: string,
  account: Account | undefined,
): Promise<void> {
  await mkdir(path, { mode: PRIVATE_MODE });
  if (account !== undefined) await chown(path, account.uid, account.gid);
}
