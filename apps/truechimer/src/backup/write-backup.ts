// The members of a backup, in their order, from a database at one instant and the files that were read before it.

import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { DatabaseDump } from "@truechimer/database";
import { PRODUCT_VERSION } from "../product-version.ts";
import {
  BACKUP_FORMAT,
  type BackupEnd,
  type BackupManifest,
  DATABASE_FOLDER,
  END_NAME,
  FILES_FOLDER,
  MANIFEST_NAME,
  PIECE_BYTES,
  type RelationSum,
} from "./backup-format.ts";
import type { BackupWriter } from "./backup-writer.ts";
import type { DataFile } from "./data-files.ts";
import { createRelationTally } from "./relation-tally.ts";

export interface WriteBackupOptions {
  readonly writer: Pick<BackupWriter, "add">;
  readonly dump: DatabaseDump;
  readonly files: readonly DataFile[];
  readonly madeAt: Date;
  /** Told of each piece: the relation, and how many rows of all have been written. */
  readonly onRows: (relation: string, rows: number) => void;
}

/** Gives what was written of each relation. */
export async function writeBackup(options: WriteBackupOptions): Promise<readonly RelationSum[]> {
  const { writer, dump, files, onRows } = options;
  await writer.add(MANIFEST_NAME, json(manifestOf(options)));
  for (const { name, bytes } of files) await writer.add(`${FILES_FOLDER}${name}`, bytes);
  const relations: RelationSum[] = [];
  let rowsBefore = 0;
  for await (const { name, text } of dump.relations()) {
    const tally = createRelationTally(name);
    for await (const [piece, number] of pieces(text)) {
      tally.add(piece);
      await writer.add(`${DATABASE_FOLDER}${name}/${String(number).padStart(6, "0")}`, piece);
      onRows(name, rowsBefore + tally.rows);
    }
    rowsBefore += tally.rows;
    relations.push(tally.sum());
  }
  const end: BackupEnd = {
    relations: [...relations],
    sequences: (await dump.sequences()).map(({ name, lastValue, isCalled }) => ({
      name,
      last_value: String(lastValue),
      is_called: isCalled,
    })),
  };
  await writer.add(END_NAME, json(end));
  return relations;
}

function manifestOf({ dump, files, madeAt }: WriteBackupOptions): BackupManifest {
  const { serverVersion, migrations, tables, leftOut } = dump.description;
  return {
    format: BACKUP_FORMAT,
    product: PRODUCT_VERSION,
    made_at: madeAt.toISOString(),
    host: hostname(),
    database: {
      server_version: serverVersion,
      migrations: migrations.map(({ version, checksum }) => ({ version, checksum })),
      tables: tables.map(({ name, columns, relations, partitions }) => ({
        name,
        columns: [...columns],
        relations: [...relations],
        partitions: partitions.map(({ name: partition, from, to }) => ({
          name: partition,
          from,
          to,
        })),
      })),
      left_out: [...leftOut],
    },
    files: files.map(({ name, bytes }) => ({
      name,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    })),
  };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}

/** All of the same size but the last, numbered from 1. */
async function* pieces(
  text: AsyncIterable<unknown>,
): AsyncGenerator<readonly [piece: Uint8Array, number: number], void, undefined> {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let used = 0;
  let number = 1;
  for await (const chunk of text) {
    const bytes = chunk as Buffer;
    for (let at = 0; at < bytes.length; ) {
      const taken = bytes.copy(piece, used, at);
      at += taken;
      used += taken;
      if (used < PIECE_BYTES) continue;
      yield [piece, number];
      // The old one is still on its way to the file.
      piece = Buffer.allocUnsafe(PIECE_BYTES);
      used = 0;
      number += 1;
    }
  }
  if (used > 0) yield [piece.subarray(0, used), number];
}
