// The file system of the host.

import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileSystem, FoundFile, NewFile } from "./file-system.ts";
import { lockFile } from "./lock-file.ts";

const SECRET_FILE_MODE = 0o600;
const SECRET_DIRECTORY_MODE = 0o700;
const OTHERS_BITS = 0o077;

export const nodeFileSystem: FileSystem = {
  read: readWithin,
  createDirectory: async (path) => {
    await mkdir(path, { recursive: true, mode: SECRET_DIRECTORY_MODE });
    const { mode } = await stat(path);
    if ((mode & OTHERS_BITS) !== 0) await chmod(path, SECRET_DIRECTORY_MODE);
  },
  createFile: async (path) => newFile(await open(path, "wx", SECRET_FILE_MODE)),
  rename,
  remove: (path) => rm(path, { force: true }),
  restrict: async (path) => {
    try {
      const { mode } = await stat(path);
      if ((mode & OTHERS_BITS) !== 0) await chmod(path, SECRET_FILE_MODE);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  },
  list: async (path) => {
    try {
      return await readdir(path);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  syncDirectory: async (path) => {
    await using directory = await open(path, "r");
    await directory.sync();
  },
  lock: lockFile,
};

function newFile(handle: FileHandle): NewFile {
  return {
    write: (bytes) => handle.writeFile(bytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function readWithin(path: string, bytesMax: number): Promise<FoundFile> {
  let handle: FileHandle;
  try {
    // Without waiting: the name may have become a pipe that nobody writes to.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return { kind: "missing" };
    throw error;
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) return { kind: "no_file" };
    if (facts.size > bytesMax) return { kind: "too_large", byteLength: facts.size };
    return { kind: "file", bytes: await readAtMost(handle, facts.size) };
  } finally {
    await handle.close();
  }
}

/** No more than was promised when the size was checked, should the file grow meanwhile. */
async function readAtMost(handle: FileHandle, byteLength: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(byteLength);
  let filled = 0;
  while (filled < byteLength) {
    const { bytesRead } = await handle.read(buffer, filled, byteLength - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ENOENT" || error.code === "ENOTDIR";
}
