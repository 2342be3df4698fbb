// `truechimer db …` against the database that DATABASE_URL or the configuration names.

import { AppError } from "@truechimer/base";
import {
  createDatabase,
  type Database,
  describeHolders,
  migrate,
  migrationStatus,
} from "@truechimer/database";
import { APPLIED_BY } from "../applied-by.ts";
import { type CliContext, createPrinter } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { DbOptions } from "../commands/db.ts";
import { loadConfig } from "../config/load-config.ts";

export async function migrateDatabase(context: CliContext, options: DbOptions): Promise<void> {
  const printer = createPrinter(context, askedFormat(options));
  await using database = await configuredDatabase(context, options);
  const applied = await migrate(database, {
    appliedBy: APPLIED_BY,
    onWait: (holders) =>
      context.stderr(`waiting for the migration lock: ${describeHolders(holders)}\n`),
    onApplied: ({ version, tookMs }) => {
      printer.line(`applied ${version} in ${Math.round(tookMs)} ms`);
      printer.json({ version, applied: true, took_ms: tookMs });
    },
  });
  if (applied.length === 0) printer.line(`${database.where} has every migration already`);
}

export async function showDatabaseStatus(context: CliContext, options: DbOptions): Promise<void> {
  const printer = createPrinter(context, askedFormat(options));
  await using database = await configuredDatabase(context, options);
  const { applied, pending, problem } = await migrationStatus(database);
  printer.line(`PostgreSQL ${database.serverVersion} at ${database.where}`);
  const rows = [
    ...applied.map(({ version, appliedAt }) => ({ version, state: "applied", at: appliedAt })),
    ...pending.map((version) => ({ version, state: "missing", at: "" })),
  ];
  await printer.table({
    columns: [
      { title: "migration", text: ({ version }) => version },
      { title: "state", text: ({ state }) => state },
      { title: "applied", text: ({ at }) => at },
    ],
    rows,
    json: ({ version, state, at }) => ({ version, state, applied_at: at === "" ? null : at }),
    empty: "no migrations are known",
  });
  if (problem instanceof Error) throw problem;
}

async function configuredDatabase(context: CliContext, options: DbOptions): Promise<Database> {
  const flags = options.config === undefined ? {} : { config: options.config };
  const { secrets } = await loadConfig("server", flags, context.env);
  if (secrets.databaseUrl === undefined) {
    throw new AppError(
      "usage",
      "no database is named: set DATABASE_URL, or database.url_file in a configuration file (the embedded one is migrated by `truechimer up` itself)",
    );
  }
  return createDatabase({ url: secrets.databaseUrl, applicationName: "truechimer db" });
}
