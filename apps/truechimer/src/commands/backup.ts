// `truechimer backup` and `truechimer restore`: everything in one file, and back.

import {
  type CommandHost,
  examples,
  type OutputOptions,
  withOutputOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

export interface BackupOptions extends OutputOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly masterKeyFile?: string;
  readonly withMasterKey?: boolean;
}

export interface RestoreOptions extends Omit<BackupOptions, "withMasterKey"> {
  readonly check?: boolean;
}

export function registerBackup(host: CommandHost): void {
  registerMake(host);
  registerRestore(host);
}

function registerMake({ program, context, finish }: CommandHost): void {
  withOutputOptions(program.command("backup <destination>"))
    .description(
      "copy everything into one file, while it runs; into a directory: under a name by its time",
    )
    .option("--data-dir <directory>", "data directory of `truechimer up`; default .truechimer")
    .option("--config <file>", "configuration file; it is in the backup, too")
    .option(
      "--with-master-key",
      "put the master key in as well: whoever has the file then has all keys",
    )
    .option("--master-key-file <file>", "where that key is; default: in the data directory")
    .addHelpText(
      "after",
      examples(
        [
          "truechimer backup /mnt/backups",
          "such as /mnt/backups/truechimer-20261129T031500Z.tar.zst",
        ],
        ["truechimer backup /mnt/full.tar.zst --with-master-key", "all that a new host needs"],
        ["DATABASE_URL=postgres://… truechimer backup /mnt/backups", "of your own PostgreSQL"],
      ),
    )
    .action(async (destination: string, options: BackupOptions) => {
      const { runBackup } = await import("../backup/run-backup.ts");
      await runBackup(context, destination, options);
      finish(EXIT.good);
    });
}

function registerRestore({ program, context, finish }: CommandHost): void {
  withOutputOptions(program.command("restore <file>"))
    .description("fill an empty data directory, or an empty database, with a backup")
    .option("--data-dir <directory>", "data directory to make; default .truechimer")
    .option("--config <file>", "configuration file, such as one with database.url_file")
    .option("--master-key-file <file>", "the master key, where the backup does not hold it")
    .option("--check", "only look whether the backup is whole; nothing is written")
    .addHelpText(
      "after",
      examples(
        ["truechimer restore backup.tar.zst --check", "is it whole?"],
        [
          "truechimer restore backup.tar.zst --data-dir /srv/truechimer",
          'then "truechimer up" there',
        ],
        [
          "DATABASE_URL=postgres://… truechimer restore backup.tar.zst",
          "into your own, empty database",
        ],
      ),
    )
    .action(async (file: string, options: RestoreOptions) => {
      const { runRestore } = await import("../backup/run-restore.ts");
      await runRestore(context, file, options);
      finish(EXIT.good);
    });
}
