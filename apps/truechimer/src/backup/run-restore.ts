// `truechimer restore`: the whole backup is read and proved before anything is written; then an empty database is filled,
// and the files are put beside it.

import { access, rm, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { AppError } from "@truechimer/base";
import {
  assertEmptyDatabase,
  createDatabase,
  createEmbeddedPostgres,
  type Database,
  loadDump,
} from "@truechimer/database";
import { APPLIED_BY } from "../applied-by.ts";
import type { CliContext } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { RestoreOptions } from "../commands/backup.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { masterKeyText } from "../config/master-key.ts";
import { createSecretFile } from "../config/secret-file.ts";
import { dataDirectoryPath, openDataDirectory } from "../data-directory.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { MASTER_KEY_FILE } from "../up/master-key-file.ts";
import type { BackupManifest } from "./backup-format.ts";
import { type BackupPart, readBackup } from "./backup-reader.ts";
import { byteText } from "./byte-text.ts";
import { DATA_FILES, type DataFile } from "./data-files.ts";
import { openBackupSource } from "./dump-of-backup.ts";

interface RestoreWorld {
  readonly context: CliContext;
  readonly loaded: LoadedConfig;
  readonly progress: Progress;
  readonly file: string;
  readonly bytes: number;
}

export async function runRestore(
  context: CliContext,
  given: string,
  options: RestoreOptions,
): Promise<void> {
  const loaded = await loadConfig("up", options, context.env);
  const progress = createProgress(context, askedFormat(options));
  const file = resolve(given);
  const bytes = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  const world: RestoreWorld = { context, loaded, progress, file, bytes };
  const { manifest, rows } = await proved(world);
  progress.show("checking", "");
  progress.say(
    "backup",
    `${file} is whole: ${rows.toLocaleString("en")} rows in ${byteText(bytes)}, made ${manifest.made_at} on ${manifest.host} by truechimer ${manifest.product}`,
    { file, rows, bytes, made_at: manifest.made_at, product: manifest.product },
  );
  if (options.check === true) return;
  const dataDir = dataDirectoryPath(loaded.config.dataDir);
  if (loaded.secrets.databaseUrl === undefined) await restoreDirectory(world, dataDir, manifest);
  else await restoreDatabase(world, loaded.secrets.databaseUrl, manifest);
}

/** Reads it to its end. */
async function proved(
  world: RestoreWorld,
): Promise<{ readonly manifest: BackupManifest; readonly rows: number }> {
  let manifest: BackupManifest | undefined;
  let rows = 0;
  for await (const part of partsOf(world, "checking")) {
    if (part.kind === "manifest") manifest = part.manifest;
    if (part.kind === "end") rows = part.end.relations.reduce((sum, one) => sum + one.rows, 0);
  }
  if (manifest === undefined) throw new AppError("backup_broken", `${world.file} is empty`);
  return { manifest, rows };
}

function partsOf(
  { file, bytes, progress }: RestoreWorld,
  subject: string,
): AsyncGenerator<BackupPart, void, undefined> {
  return readBackup(file, {
    onRead: (read) =>
      progress.show(
        subject,
        `${Math.floor((100 * read) / Math.max(1, bytes))} % of ${byteText(bytes)}`,
      ),
  });
}

/** A data directory for `truechimer up`, with a PostgreSQL of its own. */
async function restoreDirectory(
  world: RestoreWorld,
  dataDir: string,
  manifest: BackupManifest,
): Promise<void> {
  await assertNoFiles(dataDir);
  await using stack = new AsyncDisposableStack();
  stack.use(await openDataDirectory(dataDir));
  const postgres = stack.use(
    await createEmbeddedPostgres({
      preferredDir: join(dataDir, "postgres"),
      say: (text) => world.progress.say("database", text),
    }),
  );
  const database = stack.use(await openTarget(postgres.url));
  await assertEmptyDatabase(database);
  try {
    const files = await fill(world, database, manifest);
    await writeFiles(world, dataDir, files);
  } catch (error) {
    // It was empty before, and half of a backup is of use to nobody.
    await stack.disposeAsync();
    await rm(postgres.dataDir, { recursive: true, force: true });
    throw error;
  }
  world.progress.say("restored", `start it with "truechimer up --data-dir ${dataDir}"`, {
    data_dir: dataDir,
  });
}

/** A database of somebody else's; files beside it are none of ours. */
async function restoreDatabase(
  world: RestoreWorld,
  url: string,
  manifest: BackupManifest,
): Promise<void> {
  await using database = await openTarget(url);
  const files = await fill(world, database, manifest);
  const names = files.map(({ name }) => name).join(", ");
  const beside =
    names === ""
      ? ""
      : `; of its files (${names}) none is written: take them out with "tar --zstd -xf ${world.file} files"`;
  world.progress.say("restored", `database ${database.where}${beside}`, { where: database.where });
}

async function openTarget(url: string): Promise<Database> {
  return await createDatabase({ url, applicationName: "truechimer restore", poolSize: 2 });
}

/** Gives the files that are to lie beside the database. */
async function fill(
  world: RestoreWorld,
  database: Database,
  manifest: BackupManifest,
): Promise<readonly DataFile[]> {
  const { progress, file, bytes } = world;
  const parts = partsOf(world, "restoring");
  try {
    const { dump, files } = await openBackupSource(parts);
    await loadDump(database, dump, { appliedBy: `${APPLIED_BY} restore` });
    progress.show("restoring", "");
    const { recordRestore } = await import("@truechimer/server");
    await recordRestore(database, {
      madeBy: userInfo().username,
      file,
      bytes,
      madeAt: manifest.made_at,
      withMasterKey: files.some(({ name }) => name === MASTER_KEY_FILE),
    });
    return files;
  } finally {
    await parts.return(undefined);
  }
}

/** Fails with restore_target_not_empty. */
async function assertNoFiles(dataDir: string): Promise<void> {
  for (const name of [...DATA_FILES, join("postgres", "data")]) {
    const isThere = await access(join(dataDir, name)).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    throw new AppError(
      "restore_target_not_empty",
      `data directory ${dataDir} is in use already (it has ${name}): name an empty one with --data-dir, or move what is there away`,
    );
  }
}

async function writeFiles(
  { loaded, progress }: RestoreWorld,
  dataDir: string,
  files: readonly DataFile[],
): Promise<void> {
  const { masterKey } = loaded.secrets;
  for (const { name, bytes } of files) {
    if (name === MASTER_KEY_FILE && masterKey !== undefined) continue;
    if (!DATA_FILES.includes(name)) continue;
    await createSecretFile(join(dataDir, name), Buffer.from(bytes).toString("utf8").trimEnd());
    progress.say("file", join(dataDir, name), { file: join(dataDir, name) });
  }
  if (masterKey !== undefined) {
    await createSecretFile(join(dataDir, MASTER_KEY_FILE), masterKeyText(masterKey));
    return;
  }
  if (files.some(({ name }) => name === MASTER_KEY_FILE)) return;
  progress.say(
    "master key",
    `it is not in the backup: put its file into ${dataDir} as ${MASTER_KEY_FILE} before the first start, or name it with --master-key-file`,
  );
}
