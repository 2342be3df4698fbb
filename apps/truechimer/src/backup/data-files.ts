// The files of a data directory that a backup holds beside the database. What runs makes the others anew: the lock, the
// address for the other commands, the checkpoint of the history in memory.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import { AUDIT_HEAD_FILE } from "../audit-head-file.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { masterKeyText } from "../config/master-key.ts";
import { MASTER_KEY_FILE } from "../up/master-key-file.ts";
import { WHOLE_MEMBER_BYTES_MAX } from "./backup-format.ts";

/** The configuration file, under one name wherever it lay. */
const CONFIG_FILE = "truechimer.toml";

/** All that a backup has, and a restore writes. */
export const DATA_FILES: readonly string[] = [AUDIT_HEAD_FILE, MASTER_KEY_FILE, CONFIG_FILE];

export interface DataFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Read before the database: the end of the audit trail that is kept outside is then no newer than the trail. Fails with
 * master_key_missing where the key is asked for and there is none.
 */
export async function readDataFiles(
  { config, secrets, file }: LoadedConfig,
  dataDir: string,
  { withMasterKey }: { readonly withMasterKey: boolean },
): Promise<readonly DataFile[]> {
  const head = await contentOf(config.audit.headFile ?? join(dataDir, AUDIT_HEAD_FILE));
  const configuration = file === undefined ? undefined : await contentOf(file);
  const key = withMasterKey ? await masterKey(secrets.masterKey, dataDir) : undefined;
  return [
    { name: AUDIT_HEAD_FILE, bytes: head },
    { name: MASTER_KEY_FILE, bytes: key },
    { name: CONFIG_FILE, bytes: configuration },
  ].flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ name, bytes }]));
}

async function masterKey(configured: Uint8Array | undefined, dataDir: string): Promise<Uint8Array> {
  if (configured !== undefined) return Buffer.from(`${masterKeyText(configured)}\n`);
  const file = join(dataDir, MASTER_KEY_FILE);
  const found = await contentOf(file);
  if (found !== undefined) return found;
  throw new AppError(
    "master_key_missing",
    `--with-master-key: there is no ${file}: name the key's file with --master-key-file or secrets.master_key_file, or leave the option away`,
  );
}

/** Undefined: there is none. */
async function contentOf(file: string): Promise<Uint8Array | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.size > WHOLE_MEMBER_BYTES_MAX) {
    throw new AppError(
      "config_unreadable",
      `${file} has ${found.size} bytes, at most ${WHOLE_MEMBER_BYTES_MAX} are expected: is it the right file?`,
    );
  }
  return await readFile(file);
}
