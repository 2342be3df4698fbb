// Writes a checkpoint beside the last one and puts it in its place when it is safely on disk: a crash at any moment
// leaves the old one or the new one. The store goes on meanwhile: its rows are copied a block at a time, newest first,
// and what is merged in behind the copier was committed after the snapshot, so that the next start is told of it again.

import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { ResultsPosition } from "@truechimer/database";
import { type HistoryStore, keysOfCopy, type RowKey } from "@truechimer/history";
import {
  type CheckpointBlock,
  type CheckpointIndex,
  type CheckpointOrigin,
  encodeDictionary,
  encodeHead,
  encodeIndex,
  HEAD_BYTES,
} from "./checkpoint-format.ts";

export interface CheckpointSource {
  readonly store: HistoryStore;
  /** How far the store has followed the commits, now. */
  readonly position: Required<ResultsPosition>;
  readonly database: Pick<CheckpointOrigin, "database" | "schema">;
}

const OWNER_ONLY = 0o600;
const NEW = ".new";
const AFTER_ALL: RowKey = { atUs: Number.POSITIVE_INFINITY, id: Number.POSITIVE_INFINITY };

/** Resolves with how many rows it holds; an empty store leaves no file. Fails as the file system does, or when aborted. */
export async function writeCheckpoint(
  file: string,
  source: CheckpointSource,
  signal?: AbortSignal,
): Promise<number> {
  // One that a person may read is not made readable by a file that lies there.
  const fresh = `${file}.${process.pid}${NEW}`;
  await rm(fresh, { force: true });
  try {
    const rows = await writeAll(fresh, source, signal);
    if (rows === 0) return 0;
    await rename(fresh, file);
    await syncDirectory(dirname(file));
    return rows;
  } finally {
    await rm(fresh, { force: true });
  }
}

/** What a writer that was killed has left. */
export async function removeUnfinished(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => []);
  for (const name of names) {
    const isUnfinished = name.startsWith(`${basename(file)}.`) && name.endsWith(NEW);
    if (isUnfinished) await rm(join(dirname(file), name), { force: true });
  }
}

async function writeAll(
  fresh: string,
  { store, position, database }: CheckpointSource,
  signal: AbortSignal | undefined,
): Promise<number> {
  await using handle = await open(fresh, "wx", OWNER_ONLY);
  const blocks: CheckpointBlock[] = [];
  let at = HEAD_BYTES;
  let witness: RowKey | undefined;
  await handle.writeFile(encodeHead());
  for (let key = AFTER_ALL; ; ) {
    signal?.throwIfAborted();
    const copied = store.copyBefore(key);
    if (copied === undefined) break;
    const bytes = new Uint8Array(copied.buffer);
    const { length, baseUs, baseId } = copied;
    const { first, last } = keysOfCopy(copied);
    const crc = crc32(bytes);
    const place = { at, bytes: bytes.length, crc, firstUs: first.atUs, lastUs: last.atUs };
    blocks.push({ length, baseUs, baseId, ...place });
    witness ??= last;
    await handle.writeFile(bytes);
    at += bytes.length;
    key = first;
  }
  if (witness === undefined) return 0;
  const rows = blocks.reduce((sum, { length }) => sum + length, 0);
  const dictionary = store.dictionary();
  const words = encodeDictionary(dictionary);
  await handle.writeFile(words);
  const index: CheckpointIndex = {
    origin: { cluster: String(position.cluster), timeline: position.timeline ?? "", ...database },
    snapshot: position.snapshot,
    horizonUs: store.horizonUs,
    witness,
    rows,
    blocks,
    dictionary: {
      at,
      bytes: words.length,
      crc: crc32(words),
      pairs: dictionary.pairServers.length,
      servers: dictionary.serverIds.length,
      monitors: dictionary.monitorIds.length,
      reasons: dictionary.reasons,
    },
  };
  await handle.writeFile(encodeIndex(index, at + words.length));
  await handle.sync();
  return rows;
}

/** So that the new name is on disk as well. */
async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}
