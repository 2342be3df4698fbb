// A backup as the source that an empty database is filled from: its rows in their order, and, once its end has proved
// them, its sequences.

import { Readable } from "node:stream";
import { assert } from "@truechimer/base";
import type { DatabaseDump, DumpedTable } from "@truechimer/database";
import type { BackupManifest } from "./backup-format.ts";
import type { BackupPart } from "./backup-reader.ts";
import type { DataFile } from "./data-files.ts";

/** Beside the rows. */
export interface BackupSource {
  readonly dump: DatabaseDump;
  readonly files: readonly DataFile[];
}

/** Reads as far as the first row. Every text must be read to its end before the next relation is asked for. */
export async function openBackupSource(
  parts: AsyncIterator<BackupPart, void>,
): Promise<BackupSource> {
  const next: { part: BackupPart | undefined } = { part: undefined };
  const advance = async (): Promise<BackupPart | undefined> => {
    const result = await parts.next();
    next.part = result.done === true ? undefined : result.value;
    return next.part;
  };
  const first = await advance();
  assert(first?.kind === "manifest", "a backup begins with its manifest");
  const { manifest } = first;
  const files: DataFile[] = [];
  for (let part = await advance(); part?.kind === "file"; part = await advance()) files.push(part);
  const piecesOf = async function* (relation: string): AsyncGenerator<Uint8Array, void, undefined> {
    for (let { part } = next; part?.kind === "piece" && part.relation === relation; ) {
      yield part.bytes;
      part = await advance();
    }
  };
  const tables = tablesOf(manifest);
  return {
    files,
    dump: {
      description: {
        serverVersion: manifest.database.server_version,
        migrations: manifest.database.migrations,
        tables,
        leftOut: manifest.database.left_out,
      },
      relations: async function* () {
        for (const table of tables) {
          for (const name of table.relations) {
            yield { table, name, text: Readable.from(piecesOf(name), { objectMode: false }) };
          }
        }
      },
      sequences: () => {
        const { part } = next;
        assert(part?.kind === "end", "the rows come before the end");
        return Promise.resolve(
          part.end.sequences.map(({ name, last_value, is_called }) => ({
            name,
            lastValue: BigInt(last_value),
            isCalled: is_called,
          })),
        );
      },
    },
  };
}

function tablesOf({ database }: BackupManifest): readonly DumpedTable[] {
  return database.tables.map(({ partitions, ...table }) => ({
    ...table,
    partitions: partitions as unknown as DumpedTable["partitions"],
  }));
}
