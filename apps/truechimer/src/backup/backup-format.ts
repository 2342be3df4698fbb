// A backup is one file: a tar archive, compressed with Zstandard, that any tar can open. Its members, in this order:
//
//     manifest.json              what it is of, and what is in it
//     files/NAME                 files of the data directory
//     database/RELATION/000001   rows of a table or partition in COPY's text format, in pieces
//     end.json                   rows, bytes and SHA-256 of each relation, and the sequences
//
// The end is written last, so that a file without it is known to be cut short.

import { z } from "zod";

/** Raised when older releases could not read what is written. */
export const BACKUP_FORMAT = 1;
export const MANIFEST_NAME = "manifest.json";
export const END_NAME = "end.json";
export const FILES_FOLDER = "files/";
export const DATABASE_FOLDER = "database/";

/** How much a piece holds: small beside any memory, and large beside a member's head of 512 bytes. */
export const PIECE_BYTES = 1_048_576;

/** Of a file of the data directory, and of the two that describe the backup: some bytes for each of thousands of days. */
export const WHOLE_MEMBER_BYTES_MAX: number = 16 * 1_048_576;

/** What a backup says of itself before its first row. */
export interface BackupManifest {
  readonly format: number;
  /** Release that made it. */
  readonly product: string;
  /** The instant that it is of, ISO 8601. */
  readonly made_at: string;
  readonly host: string;
  readonly database: {
    readonly server_version: string;
    readonly migrations: readonly { readonly version: string; readonly checksum: string }[];
    readonly tables: readonly {
      readonly name: string;
      readonly columns: readonly string[];
      readonly relations: readonly string[];
      readonly partitions: readonly {
        readonly name: string;
        readonly from: string;
        readonly to: string;
      }[];
    }[];
    /** Tables whose rows are not in it. */
    readonly left_out: readonly string[];
  };
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** Of one table or partition. */
export interface RelationSum {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** What it says after its last row. */
export interface BackupEnd {
  readonly relations: readonly RelationSum[];
  readonly sequences: readonly {
    readonly name: string;
    readonly last_value: string;
    readonly is_called: boolean;
  }[];
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

const partition = z.strictObject({ name: z.string(), from: z.string(), to: z.string() });
const table = z.strictObject({
  name: z.string(),
  columns: z.array(z.string()),
  relations: z.array(z.string()),
  partitions: z.array(partition),
});

const manifestSchema: z.ZodType<BackupManifest> = z.strictObject({
  format: z.literal(BACKUP_FORMAT),
  product: z.string(),
  made_at: z.iso.datetime(),
  host: z.string(),
  database: z.strictObject({
    server_version: z.string(),
    migrations: z.array(z.strictObject({ version: z.string(), checksum: z.string() })),
    tables: z.array(table),
    left_out: z.array(z.string()),
  }),
  files: z.array(z.strictObject({ name: z.string(), bytes: count, sha256 })),
});

const endSchema: z.ZodType<BackupEnd> = z.strictObject({
  relations: z.array(z.strictObject({ name: z.string(), rows: count, bytes: count, sha256 })),
  sequences: z.array(
    z.strictObject({
      name: z.string(),
      last_value: z.string().regex(/^-?\d{1,19}$/),
      is_called: z.boolean(),
    }),
  ),
});

/** Undefined: it is none of ours, or of a release that writes another format. */
export function parseManifest(text: string): BackupManifest | undefined {
  return parsed(manifestSchema, text);
}

/** Undefined: it is none of ours. */
export function parseEnd(text: string): BackupEnd | undefined {
  return parsed(endSchema, text);
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
