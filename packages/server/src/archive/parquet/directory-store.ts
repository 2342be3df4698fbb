// The files of an archive in a directory. Each is written under a temporary name, synchronised, and then named: a kill or a
// power cut leaves it whole or not at all.

import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@truechimer/base";
import type { ObjectStore, StoredObject } from "./object-store.ts";

/** Beginning of names of files that are being written. */
const TEMPORARY = ".writing-";
/** Of folders and files alike. */
const OWNER_AND_GROUP = 0o750;
const FILE_MODE = 0o640;

export function createDirectoryStore(directory: string): ObjectStore {
  let isSwept = false;
  const pathOf = (name: string): string => join(directory, ...name.split("/"));
  const told = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (cause) {
      throw refusal(directory, cause);
    }
  };
  return {
    target: `file://${directory}`,
    prepare: () =>
      told(async () => {
        await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
        if (!isSwept) await removeLeftOvers(directory);
        isSwept = true;
      }),
    list: (prefix, { after, to } = {}) => told(() => list(directory, prefix, { after, to })),
    first: (prefix) => told(async () => (await list(directory, prefix, {}, 1))[0]?.name),
    read: (name, { start, end }) => told(() => readPart(pathOf(name), start, end)),
    write: (name, bytes, signal) => told(() => writeWhole(pathOf(name), bytes, signal)),
    remove: (names) =>
      told(async () => {
        for (const name of names) await rm(pathOf(name), { force: true });
        for (const folder of new Set(names.map((name) => dirname(pathOf(name)))))
          await synchronise(folder);
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** In the order of names; folders are looked into one after the other, so a limit spares most of them. */
async function list(
  directory: string,
  prefix: string,
  { after = "", to }: { readonly after?: string | undefined; readonly to?: string | undefined },
  max = Number.POSITIVE_INFINITY,
): Promise<readonly StoredObject[]> {
  const found: StoredObject[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await entriesOf(join(directory, ...folder.split("/")));
    for (const entry of entries) {
      if (found.length >= max) return;
      const name = `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`;
      // Of a folder that begins before `after` some files may lie beyond it.
      const isBefore = entry.isDirectory() ? `${name}\uffff` < after : name <= after;
      if (isBefore || (to !== undefined && name >= to)) continue;
      if (!name.startsWith(prefix) && !(entry.isDirectory() && prefix.startsWith(name))) continue;
      if (entry.isDirectory()) {
        await walk(name);
        continue;
      }
      if (entry.name.startsWith(TEMPORARY)) continue;
      const facts = await statOf(join(directory, ...name.split("/")));
      if (facts !== undefined) found.push({ name, ...facts });
    }
  };
  await walk("");
  return found;
}

async function entriesOf(
  folder: string,
): Promise<readonly { readonly name: string; isDirectory(): boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function statOf(
  path: string,
): Promise<{ readonly bytes: number; readonly modifiedMs: number } | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readPart(
  path: string,
  start: number,
  end: number,
): Promise<ArrayBuffer | undefined> {
  const length = Math.max(0, end - start);
  const bytes = new Uint8Array(length);
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.buffer.slice(0, filled);
  } finally {
    await file.close();
  }
}

async function writeWhole(
  path: string,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: OWNER_AND_GROUP });
  const temporary = join(folder, `${TEMPORARY}${randomUUID()}`);
  try {
    const file = await open(temporary, "wx", FILE_MODE);
    try {
      for await (const piece of bytes) {
        signal.throwIfAborted();
        await file.writeFile(piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await synchronise(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A name is for good once its folder is. */
async function synchronise(folder: string): Promise<void> {
  // Windows synchronises no folders, and needs none.
  if (process.platform === "win32") return;
  let opened: Awaited<ReturnType<typeof open>>;
  try {
    opened = await open(folder, "r");
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** Of processes that were killed; one that writes has the only right to. */
async function removeLeftOvers(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const { name, parentPath } of entries) {
    if (name.startsWith(TEMPORARY)) await rm(join(parentPath, name), { force: true });
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: "is not there: make it, or mount its disk",
  ENOTDIR: "is not a directory",
  EACCES: "may not be written to: give the account of the control plane read and write access",
  EPERM: "may not be written to: give the account of the control plane read and write access",
  EROFS: "is mounted read-only",
  ENOSPC: "is full: make room; what is not written waits in the database",
  EDQUOT: "has reached its quota: raise it; what is not written waits in the database",
  EFBIG: "takes no file as large as this: raise the limit on the size of files",
  EIO: "cannot be read or written: see the system's log for its disk",
};

function refusal(directory: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof AppError || code === undefined) return cause;
  const words = REFUSALS[code] ?? `failed with ${code}`;
  return new AppError("archive_refused", `the archive's directory ${directory} ${words}`, {
    cause,
  });
}
