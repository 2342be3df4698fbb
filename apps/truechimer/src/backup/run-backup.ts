// `truechimer backup`: finds the database, running or not, and writes one instant of it with the files beside it.

import { stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import {
  createDatabase,
  type Database,
  describeHolders,
  reachEmbeddedPostgres,
  withDump,
} from "@truechimer/database";
import type { CliContext } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { BackupOptions } from "../commands/backup.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { dataDirectoryPath } from "../data-directory.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { MASTER_KEY_FILE } from "../up/master-key-file.ts";
import { createBackupWriter } from "./backup-writer.ts";
import { byteText } from "./byte-text.ts";
import { readDataFiles } from "./data-files.ts";
import { writeBackup } from "./write-backup.ts";

export async function runBackup(
  context: CliContext,
  destination: string,
  options: BackupOptions,
): Promise<void> {
  const { clock } = context;
  const startedNs = clock.monotonicNs();
  const loaded = await loadConfig("up", options, context.env);
  const dataDir = dataDirectoryPath(loaded.config.dataDir);
  const progress = createProgress(context, askedFormat(options));
  const withMasterKey = options.withMasterKey ?? false;
  await using stack = new AsyncDisposableStack();
  const database = await openDatabase(stack, loaded, { dataDir, progress });
  const files = await readDataFiles(loaded, dataDir, { withMasterKey });
  const madeAt = new Date(Number(clock.nowNs() / 1_000_000n));
  const file = await fileAt(destination, madeAt);
  const writer = stack.use(await createBackupWriter(file, madeAt, context.stopSignal()));
  const relations = await withDump(
    database,
    {
      clock,
      onWait: (holders) => progress.say("waiting", `for a migration: ${describeHolders(holders)}`),
    },
    async (dump) => {
      return await writeBackup({
        writer,
        dump,
        files,
        madeAt,
        onRows: (relation, rows) =>
          progress.show("copying", `${relation}, ${rows.toLocaleString("en")} rows so far`),
      });
    },
  );
  const bytes = await writer.finish();
  progress.show("copying", "");
  const rows = relations.reduce((sum, one) => sum + one.rows, 0);
  const tookS = Number(clock.monotonicNs() - startedNs) / 1e9;
  progress.say(
    "backup",
    `${file}: ${rows.toLocaleString("en")} rows in ${byteText(bytes)}, after ${tookS.toFixed(1)} s`,
    { file, rows, bytes, took_s: tookS, files: files.map(({ name }) => name) },
  );
  sayMasterKey(progress, withMasterKey, file);
  const { recordBackup } = await import("@truechimer/server");
  await recordBackup(database, {
    madeBy: userInfo().username,
    file,
    bytes,
    madeAt: madeAt.toISOString(),
    withMasterKey,
  });
}

async function openDatabase(
  stack: AsyncDisposableStack,
  { secrets }: LoadedConfig,
  { dataDir, progress }: { readonly dataDir: string; readonly progress: Progress },
): Promise<Database> {
  const url = secrets.databaseUrl ?? (await ownUrl(stack, dataDir, progress));
  const database = stack.use(
    await createDatabase({ url, applicationName: "truechimer backup", poolSize: 2 }),
  );
  progress.say("database", `PostgreSQL ${database.serverVersion} at ${database.where}`);
  return database;
}

async function ownUrl(
  stack: AsyncDisposableStack,
  dataDir: string,
  progress: Progress,
): Promise<string> {
  const reached = stack.use(
    await reachEmbeddedPostgres({
      preferredDir: join(dataDir, "postgres"),
      say: (text) => progress.say("database", text),
    }),
  );
  return reached.url;
}

/** In a directory: "truechimer-20261129T031500Z.tar.zst". */
async function fileAt(destination: string, madeAt: Date): Promise<string> {
  const path = resolve(destination);
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => destination.endsWith("/"),
  );
  if (!isDirectory) return path;
  const time = madeAt.toISOString().replace(/[-:]|\.\d+/g, "");
  return join(path, `truechimer-${time}.tar.zst`);
}

function sayMasterKey(progress: Progress, withMasterKey: boolean, file: string): void {
  progress.say(
    "master key",
    withMasterKey
      ? `it is IN ${file}: whoever has that file can issue certificates in your name; keep it as you would keep the key`
      : `it is not in the backup, and without it the agents' identities are lost: keep a copy of ${MASTER_KEY_FILE} elsewhere, or give --with-master-key`,
    { in_backup: withMasterKey },
  );
}
