// The files of a queue, as an interface and on a disk. Segments only grow, one at a time, and go as a whole.

import { type FileHandle, mkdir, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";

/** Rejects with the system's error. */
export interface QueueFiles {
  /** Names of the segments, the oldest first. */
  list(): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Absent: the file ends before. */
  readAt(name: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** Makes the file where there is none. Once it resolves, what was appended survives a loss of power. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  truncate(name: string, length: number): Promise<void>;
  remove(name: string): Promise<void>;
  /** Lets go of what is open. */
  close(): Promise<void>;
}

/** Sorted as text they are in the order of their numbers. */
export function segmentName(number: number): string {
  return `${String(number).padStart(12, "0")}.queue`;
}

/** Absent: another file. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^(\d{12})\.queue$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Results name whom the agent watches: for its owner alone. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

export function createQueueFiles(directory: string): QueueFiles {
  let current: { readonly name: string; readonly handle: FileHandle } | undefined;

  const close = async (): Promise<void> => {
    const closing = current;
    current = undefined;
    await closing?.handle.close();
  };
  const handleFor = async (name: string): Promise<FileHandle> => {
    if (current?.name === name) return current.handle;
    await close();
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    current = { name, handle: await open(join(directory, name), "a", FILE_MODE) };
    await syncDirectory(directory);
    return current.handle;
  };
  return {
    list: async () => {
      const names = await readdir(directory).catch(absentDirectory);
      return names.filter((name) => segmentNumber(name) !== undefined).toSorted();
    },
    read: async (name) => await readFile(join(directory, name)),
    readAt: async (name, offset, length) => {
      const bytes = Buffer.alloc(length);
      await using handle = await open(join(directory, name), "r");
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      return bytesRead === length ? bytes : undefined;
    },
    append: async (name, bytes) => {
      const handle = await handleFor(name);
      await handle.appendFile(bytes);
      await handle.datasync();
    },
    truncate: (name, length) => truncate(join(directory, name), length),
    remove: async (name) => {
      if (current?.name === name) await close();
      await rm(join(directory, name), { force: true });
    },
    close,
  };
}

function absentDirectory(error: unknown): readonly string[] {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
  throw error;
}

/** The new file's name is as durable as what is in it. */
async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}
