// The master key of `up`: a file of its own in the data directory, made at the first start. Once keys were sealed with
// it, a new one would open none of them, so a missing file is then told and not replaced.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { MASTER_KEY_BYTES, masterKeyText, readMasterKey } from "../config/master-key.ts";
import { createSecretFile } from "../config/secret-file.ts";
import type { Progress } from "../output/progress.ts";
import { MASTER_KEY_FILE } from "./master-key-file.ts";

export interface MasterKeyStage {
  readonly directory: string;
  readonly database: Database;
  readonly random: Random;
  readonly progress: Progress;
}

export async function openMasterKey(stage: MasterKeyStage): Promise<Uint8Array> {
  const file = join(stage.directory, MASTER_KEY_FILE);
  if (await exists(file)) return readMasterKey(file);
  if (await keysAreSealed(stage.database)) {
    throw new AppError(
      "master_key_wrong",
      `${file} is missing, and the keys in the database are sealed with the master key that it held: put it back from a backup, or name it with --master-key-file`,
    );
  }
  const key = stage.random.bytes(MASTER_KEY_BYTES);
  await createSecretFile(file, masterKeyText(key));
  stage.progress.say(
    "agents",
    `made ${file}: keep a copy, it seals the certificate authority's keys`,
    {
      file,
    },
  );
  return key;
}

async function keysAreSealed({ kysely }: Database): Promise<boolean> {
  const authority = await kysely
    .selectFrom("certificate_authorities")
    .select("id")
    .limit(1)
    .executeTakeFirst();
  return authority !== undefined;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: unknown) => (error as { readonly code?: unknown }).code !== "ENOENT",
  );
}
