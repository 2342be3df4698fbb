// `truechimer db …`: the schema of a PostgreSQL that others look after.

import type { Command } from "commander";
import {
  type CommandHost,
  examples,
  type OutputOptions,
  refuseWords,
  withOutputOptions,
} from "../command-host.ts";
import { EXIT } from "../exit-code.ts";

export interface DbOptions extends OutputOptions {
  readonly config?: string;
}

export function registerDb({ program, context, finish }: CommandHost): void {
  const db = program
    .command("db")
    .description("the database's schema: migrate, status")
    .addHelpText(
      "after",
      examples(
        ["DATABASE_URL=postgres://… truechimer db status", "which migrations are applied"],
        [
          "DATABASE_URL=postgres://… truechimer db migrate",
          "apply the missing ones, once, however many ask",
        ],
      ),
    );
  withOutputOptions(db.command("migrate"))
    .description("apply the migrations that are missing")
    .option("--config <file>", "configuration file with database.url_file")
    .action(async (options: DbOptions) => {
      const { migrateDatabase } = await import("../roles/run-db.ts");
      await migrateDatabase(context, options);
      finish(EXIT.good);
    });
  withOutputOptions(db.command("status", { isDefault: true }).allowExcessArguments())
    .description("the migrations and which of them are applied")
    .option("--config <file>", "configuration file with database.url_file")
    .action(async (options: DbOptions, command: Command) => {
      refuseWords(command);
      const { showDatabaseStatus } = await import("../roles/run-db.ts");
      await showDatabaseStatus(context, options);
      finish(EXIT.good);
    });
}
