// Writes the members of a backup to a file that nobody but its owner may read. It bears its name only when it is whole and
// on the disk; one that is there is never overwritten.

import { createWriteStream } from "node:fs";
import { access, rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { AppError } from "@truechimer/base";
import { createTarPacker } from "modern-tar";

/** Open until `finish`, or until disposal, which leaves nothing behind. */
export interface BackupWriter extends AsyncDisposable {
  add(name: string, bytes: Uint8Array): Promise<void>;
  /** Gives the file's size in bytes. */
  finish(): Promise<number>;
}

const OWNER_ONLY = 0o600;

/** Fails with conflict when the file is there already; later on, with disk_full or directory_unwritable. */
export async function createBackupWriter(
  file: string,
  madeAt: Date,
  signal: AbortSignal,
): Promise<BackupWriter> {
  await assertFree(file);
  const partial = `${file}.partial`;
  const { readable, controller } = createTarPacker();
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  await rm(partial, { force: true });
  const written = pipeline(
    Readable.fromWeb(readable),
    compress,
    createWriteStream(partial, { mode: OWNER_ONLY, flags: "wx", flush: true }),
    { signal },
  );
  let failure: unknown;
  written.catch((error: unknown) => {
    failure = error;
  });
  let isNamed = false;
  const rethrow = (error: unknown): never => {
    throw writeFailure(file, failure ?? error);
  };
  return {
    add: async (name, bytes) => {
      try {
        const body = controller.add({ name, size: bytes.length, mtime: madeAt, mode: OWNER_ONLY });
        const writer = body.getWriter();
        await writer.write(bytes);
        await writer.close();
      } catch (error) {
        rethrow(error);
      }
    },
    finish: async () => {
      try {
        controller.finalize();
        await written;
        await assertFree(file);
        await rename(partial, file);
        isNamed = true;
        return (await stat(file)).size;
      } catch (error) {
        return rethrow(error);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (isNamed) return;
      controller.error(new Error("the backup was given up"));
      await written.catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

async function assertFree(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new AppError(
    "conflict",
    `${file} is there already, and a backup is never overwritten: name another file, or a directory, in which it gets a name by its time`,
  );
}

function writeFailure(file: string, cause: unknown): unknown {
  if (cause instanceof AppError) return cause;
  const { code, name } = cause as NodeJS.ErrnoException;
  if (name === "AbortError") {
    return new AppError("stopped", "the backup was given up: nothing is left of it", { cause });
  }
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    const message = `the disk that shall hold ${file} is full: free some space there, or name a file on another one; nothing is left of the backup`;
    return new AppError("disk_full", message, { cause });
  }
  if (code === undefined) return cause;
  return new AppError(
    "directory_unwritable",
    `${file} cannot be written (${code}): check that its directory exists and that this account may write there`,
    { cause },
  );
}
