// Reads a checkpoint block by block, each against its checksum. What is not whole is told as such and not used.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { PackedRows, RowDictionary } from "@truechimer/history";
import {
  type CheckpointBlock,
  type CheckpointIndex,
  checkHead,
  decodeDictionary,
  FOOT_BYTES,
  HEAD_BYTES,
  parseFoot,
  parseIndex,
} from "./checkpoint-format.ts";

/**
 * Why a checkpoint is not used. missing: there is none, or it cannot be opened. torn: it is not whole. stale: another
 * version of this program or of the schema wrote it. foreign: it is of another database, or of one that has gone back
 * to an older state. behind: the database no longer has the list of what was committed since.
 */
export type CheckpointRefusal = "missing" | "torn" | "stale" | "foreign" | "behind";

export interface Checkpoint extends AsyncDisposable {
  readonly index: CheckpointIndex;
  /** Undefined: the disk no longer has what was written. */
  readBlock(block: CheckpointBlock): Promise<PackedRows | undefined>;
}

const NO_CHAINS = new Uint16Array(0);

export async function openCheckpoint(file: string): Promise<Checkpoint | CheckpointRefusal> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return "missing";
  }
  const found = await readIndex(handle).catch(() => "torn" as const);
  if (typeof found === "string") {
    await handle.close();
    return found;
  }
  const { index, dictionary } = found;
  return {
    index,
    readBlock: async (block) => {
      const bytes = await readPart(handle, block);
      if (bytes === undefined) return undefined;
      const { length, baseUs, baseId } = block;
      const chains = { serverHeads: NO_CHAINS, monitorHeads: NO_CHAINS };
      return { buffer: bytes.buffer, length, baseUs, baseId, ...chains, ...dictionary };
    },
    [Symbol.asyncDispose]: async () => await handle.close(),
  };
}

async function readIndex(
  handle: FileHandle,
): Promise<
  | { readonly index: CheckpointIndex; readonly dictionary: RowDictionary }
  | Extract<CheckpointRefusal, "torn" | "stale">
> {
  const { size } = await handle.stat();
  if (size < HEAD_BYTES + FOOT_BYTES) return "torn";
  const head = checkHead(await readBytes(handle, 0, HEAD_BYTES));
  if (head !== "good") return head;
  const place = parseFoot(await readBytes(handle, size - FOOT_BYTES, FOOT_BYTES), size);
  if (place === undefined) return "torn";
  const text = await readPart(handle, place);
  if (text === undefined) return "torn";
  const index = parseIndex(text);
  const words = await readPart(handle, index.dictionary);
  if (words === undefined) return "torn";
  return { index, dictionary: decodeDictionary(words, index.dictionary) };
}

/** Undefined: it is not what was written. */
async function readPart(
  handle: FileHandle,
  part: { readonly at: number; readonly bytes: number; readonly crc: number },
): Promise<Uint8Array | undefined> {
  const bytes = await readBytes(handle, part.at, part.bytes).catch(() => undefined);
  return bytes !== undefined && crc32(bytes) === part.crc ? bytes : undefined;
}

/** In memory of its own, whose first byte is the first; shared, so that V8 does not collect garbage for it. */
async function readBytes(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(new SharedArrayBuffer(length));
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new RangeError(`the file ends at ${position + at}`);
    at += bytesRead;
  }
  return bytes;
}
