// The migrations that this program knows: SQL files, applied in the order of their names, forward only.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@truechimer/base";

/** A file that keeps the rules of the house. */
export interface MigrationFile {
  /** The file's name without ".sql": "0001_create_foundation". Key of the ledger. */
  readonly version: string;
  /** Its leading number. */
  readonly number: number;
  /** expand: the release before still runs on the new schema. contract: it does not. */
  readonly kind: "expand" | "contract";
  readonly sql: string;
  /** SHA-256 of the text, in hex. Line ends count as one character, so that a checkout on Windows is no change. */
  readonly checksum: string;
}

/** Beside src/ and dist/ alike. */
export const MIGRATIONS_DIRECTORY: string = fileURLToPath(
  new URL("../../migrations", import.meta.url),
);

const NAME = /^((\d{4})_[a-z][a-z0-9_]*)\.sql$/;
const HEADER = /^-- (expand|contract)$/;
/** The runner's transaction holds file and ledger row together; a file that ends it would tear them apart. */
const TRANSACTION_STATEMENT =
  /^\s*(begin|commit|rollback|abort|start\s+transaction|end)\s*(work|transaction)?\s*;/im;

/** In order. Fails with migration_failed when a file breaks a rule of the house. */
export function readMigrationFiles(directory: string): readonly MigrationFile[] {
  const names = listDirectory(directory).filter((name) => name.endsWith(".sql"));
  const files = names.toSorted().map((name) => parseMigrationFile(name, readText(directory, name)));
  for (const [index, file] of files.entries()) {
    if (file.number === index + 1) continue;
    throw broken(file.version, `has number ${file.number} where ${index + 1} comes next`);
  }
  return files;
}

/** From a file's name and text. Fails with migration_failed when either breaks a rule of the house. */
export function parseMigrationFile(name: string, text: string): MigrationFile {
  const parts = NAME.exec(name);
  const [, version, number] = parts ?? [];
  if (version === undefined || number === undefined) {
    throw broken(name, "is not named like 0001_create_servers.sql");
  }
  const sql = text.replaceAll("\r\n", "\n");
  const kind = HEADER.exec(sql.slice(0, sql.indexOf("\n")))?.[1];
  if (kind !== "expand" && kind !== "contract") {
    throw broken(version, 'does not begin with the line "-- expand" or "-- contract"');
  }
  if (TRANSACTION_STATEMENT.test(sql)) {
    throw broken(version, "begins or ends a transaction, which is the runner's work");
  }
  const checksum = createHash("sha256").update(sql).digest("hex");
  return { version, number: Number(number), kind, sql, checksum };
}

function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new AppError(
      "migration_failed",
      `the migrations in ${directory} cannot be read: the installation is incomplete; install it anew`,
      { cause: error },
    );
  }
}

function readText(directory: string, name: string): string {
  return readFileSync(join(directory, name), "utf8");
}

function broken(version: string, what: string): AppError {
  return new AppError("migration_failed", `migration ${version} ${what}`);
}
