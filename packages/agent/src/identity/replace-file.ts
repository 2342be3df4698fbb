// A file is replaced as a whole or not at all: written beside under a name that nobody can guess, forced to the disk,
// renamed over the old one, and the rename forced to the disk too. At every moment, also after a loss of power, the name
// holds the old content or the new one.

import { basename, dirname, join } from "node:path";
import type { Random } from "@truechimer/base";
import type { FileSystem } from "./file-system.ts";

export interface ReplaceFileOptions {
  readonly files: FileSystem;
  readonly random: Random;
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** So that no name can be prepared, as a link to elsewhere, before it is used. */
const UNGUESSABLE_BYTES = 8;
const LEFT_OVER = /^.+\.[0-9a-f]{16}\.tmp$/;

export async function replaceFile({
  files,
  random,
  path,
  content,
}: ReplaceFileOptions): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const suffix = random.bytes(UNGUESSABLE_BYTES).toHex();
  const temporary = join(dirname(path), `${basename(path)}.${suffix}.tmp`);
  const file = await files.createFile(temporary);
  try {
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    // What is wrong with the disk is worth telling, not that the leftover could not be removed either.
    await files.remove(temporary).catch(() => {});
    throw error;
  }
  await files.syncDirectory(dirname(path));
}

/** What a process that was killed within `replaceFile` has left. Only for who keeps other writers out. */
export async function removeLeftOvers(files: FileSystem, directory: string): Promise<void> {
  const names = (await files.list(directory)).filter((name) => LEFT_OVER.test(name));
  for (const name of names) await files.remove(join(directory, name));
}
