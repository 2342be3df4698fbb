// The archive that somebody has configured.

import type { Clock, Random } from "@truechimer/base";
import type { Archive } from "./archive.ts";
import {
  type ClickHouseSettings,
  createClickHouseArchive,
} from "./clickhouse/clickhouse-archive.ts";
import { createDirectoryStore } from "./parquet/directory-store.ts";
import { createParquetArchive } from "./parquet/parquet-archive.ts";
import { createS3Store, type S3Settings } from "./parquet/s3-store.ts";

export type ArchiveSettings =
  | ({ readonly kind: "clickhouse" } & ClickHouseSettings)
  /** Parquet by day in a directory, which must be there, and be the same for all processes on one database. */
  | { readonly kind: "directory"; readonly directory: string }
  /** The same in a bucket. */
  | ({ readonly kind: "s3" } & S3Settings);

/** `random` names files. */
export function createArchive(
  settings: ArchiveSettings,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Archive {
  switch (settings.kind) {
    case "clickhouse":
      return createClickHouseArchive(settings, clock);
    case "s3":
      return createParquetArchive({ store: createS3Store(settings), clock, random });
    case "directory":
      return createParquetArchive({
        store: createDirectoryStore(settings.directory),
        clock,
        random,
      });
  }
}
