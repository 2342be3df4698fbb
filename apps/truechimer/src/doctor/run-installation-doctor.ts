// `truechimer doctor`: looks at a whole installation, from the program up to the processes that serve it, and says of each
// thing how it is, what was expected and what to do. It changes nothing.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import {
  createDatabase,
  type Database,
  migrationStatus,
  reachEmbeddedPostgres,
} from "@truechimer/database";
import { type CliContext, createPrinter } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { DoctorOptions } from "../commands/doctor.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { dataDirectoryPath, readAdminAddress } from "../data-directory.ts";
import type { ExitCode } from "../exit-code.ts";
import { directoryFindings, diskFinding, nodeFinding } from "./check-files.ts";
import { clockFindings } from "./check-own-clock.ts";
import { readDatabaseFacts } from "./database-facts.ts";
import { type DoctorFinding, errorText, findingsOf } from "./finding.ts";
import { createFindingsPage } from "./findings-page.ts";
import { databaseFindings } from "./judge-database.ts";

const ANSWER_LIMIT_MS = 5_000;

export async function runInstallationDoctor(
  context: CliContext,
  options: DoctorOptions,
): Promise<ExitCode> {
  const loaded = await loadConfig("up", options, context.env);
  const dataDir = dataDirectoryPath(loaded.config.dataDir);
  const page = createFindingsPage(createPrinter(context, askedFormat(options)));
  await using stack = new AsyncDisposableStack();
  page.tell([nodeFinding(process.versions.node)]);
  const isThere = await stat(dataDir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) page.tell([...(await directoryFindings(dataDir)), await diskFinding(dataDir)]);
  page.tell(await answerFindings(loaded, dataDir));
  const reached = await reachDatabase(stack, loaded, dataDir);
  if ("finding" in reached) page.tell([reached.finding]);
  else page.tell(await storedFindings(reached.database));
  page.tell(await clockFindings(context, "database" in reached ? reached.database : undefined));
  return page.end();
}

/** The health of the process on this host. */
async function answerFindings(
  { config }: LoadedConfig,
  dataDir: string,
): Promise<readonly DoctorFinding[]> {
  const { ok, warning, problem } = findingsOf("answers");
  const running = await readAdminAddress(dataDir);
  const url = running?.url ?? `http://127.0.0.1:${config.listen.port}`;
  try {
    const response = await fetch(new URL("/healthz/ready", url), {
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    await response.text();
    return response.ok
      ? [ok(`${url} is ready`)]
      : [
          problem(
            `${url} says that it is not ready (${response.status})`,
            `look at ${url}/healthz/ready, and at its log`,
          ),
        ];
  } catch (error) {
    return [
      warning(
        `nothing answers at ${url}: ${errorText(error)}`,
        'start it with "truechimer up", or name its configuration with --config',
      ),
    ];
  }
}

/** Never starts one: what does not run is told, and left alone. */
async function reachDatabase(
  stack: AsyncDisposableStack,
  { secrets }: LoadedConfig,
  dataDir: string,
): Promise<{ readonly database: Database } | { readonly finding: DoctorFinding }> {
  const { unreachable, warning } = findingsOf("database");
  try {
    const own = secrets.databaseUrl === undefined;
    if (own && (await readAdminAddress(dataDir)) === undefined) {
      const text = `not looked at: no "truechimer up" runs in ${dataDir}, and no other database is named`;
      return { finding: warning(text, "start it, name --data-dir, or set DATABASE_URL") };
    }
    const url = secrets.databaseUrl ?? (await embeddedUrl(stack, dataDir));
    const database = stack.use(
      await createDatabase({ url, applicationName: "truechimer doctor", poolSize: 2 }),
    );
    return { database };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {
      finding: unreachable(error.message, "see that it runs and that its address is the right one"),
    };
  }
}

async function embeddedUrl(stack: AsyncDisposableStack, dataDir: string): Promise<string> {
  const preferredDir = join(dataDir, "postgres");
  return stack.use(await reachEmbeddedPostgres({ preferredDir, say: () => undefined })).url;
}

async function storedFindings(database: Database): Promise<readonly DoctorFinding[]> {
  const { ok, problem } = findingsOf("schema");
  const { applied, pending, problem: why } = await migrationStatus(database);
  if (why !== undefined) {
    return [problem(errorText(why), "run the release that fits the database")];
  }
  if (pending.length > 0) {
    const text = `${pending.length} migrations are missing, ${pending[0] ?? ""} the first`;
    return [problem(text, 'start this release, or run "truechimer db migrate"')];
  }
  return [
    ok(`${applied.at(-1)?.version ?? "empty"} at ${database.where}, the newest of this release`),
    ...databaseFindings(await readDatabaseFacts(database)),
  ];
}
