// `truechimer server`: the control plane alone, until it is told to stop. Any number of them may share a database.

import { AppError } from "@truechimer/base";
import { createDatabase, migrate } from "@truechimer/database";
import { createServer } from "@truechimer/server";
import { createLogger } from "@truechimer/telemetry";
import { APPLIED_BY } from "../applied-by.ts";
import { archiveSettings } from "../archive-settings.ts";
import { auditHeadFile } from "../audit-head-file.ts";
import { brokerSettings } from "../broker-settings.ts";
import type { CliContext } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import type { ServerOptions } from "../commands/server.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { historySettings } from "../history-settings.ts";
import { oidcSettings } from "../oidc-settings.ts";
import { tellLoadUntilClosed } from "../output/load-progress.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import { createStop, runUntilStopped } from "../run-until-stopped.ts";
import { agentsOptions, publicUrlOf, sayAgents } from "../server-addresses.ts";
import { serverPolicy } from "../server-policy.ts";
import { openTracing } from "../tracing.ts";
import { findWebRoot } from "../web-root.ts";

export async function runServer(context: CliContext, options: ServerOptions): Promise<ExitCode> {
  const loaded = await loadConfig("server", options, context.env);
  const progress = createProgress(context, askedFormat(options));
  const { closedInTime } = await runUntilStopped(
    createStop(context.stopSignal()),
    context.clock,
    (stack) => openServer(stack, { context, loaded, progress }),
    () => progress.say("stopping", "finishing what is in flight"),
  );
  return closedInTime ? EXIT.good : EXIT.bad;
}

interface ServerWorld {
  readonly context: CliContext;
  readonly loaded: LoadedConfig;
  readonly progress: Progress;
}

async function openServer(
  stack: AsyncDisposableStack,
  { context, loaded, progress }: ServerWorld,
): Promise<void> {
  const { config, secrets } = loaded;
  if (secrets.databaseUrl === undefined) {
    throw new AppError(
      "usage",
      "no database is named: set DATABASE_URL, or database.url_file in a configuration file",
    );
  }
  await openTracing(stack, {
    otlpEndpoint: config.telemetry.otlpEndpoint,
    clock: context.clock,
    serviceName: "truechimer-server",
  });
  const logger = createLogger({ level: config.log.level });
  const database = stack.use(
    await createDatabase({
      url: secrets.databaseUrl,
      applicationName: "truechimer server",
      poolSize: config.database.poolSize,
      onConnectionLost: (error) => logger.warn({ error }, "a database connection was lost"),
    }),
  );
  await migrate(database, { appliedBy: APPLIED_BY });
  progress.say("database", `PostgreSQL ${database.serverVersion} at ${database.where}`);
  const webRoot = await findWebRoot();
  const server = stack.use(
    await createServer({
      version: PRODUCT_VERSION,
      database,
      clock: context.clock,
      random: context.random,
      logger,
      listen: config.listen,
      ...publicUrlOf(loaded),
      ...(secrets.masterKey !== undefined && { masterKey: secrets.masterKey }),
      ...(await auditHeadFile(config)),
      agents: agentsOptions(config, { host: config.agents.host, port: config.agents.port }),
      ...(await brokerSettings(loaded)),
      ...(await archiveSettings(loaded)),
      ...oidcSettings(loaded),
      roles: config.roles,
      listensWithoutApi: config.listen.portChosen,
      stopNoticeMs: config.listen.stopNoticeMs,
      allowedHosts: config.listen.allowedHosts,
      policy: serverPolicy(config),
      history: historySettings(config),
      rateLimits: config.limits,
      scoresPublic: config.scores.public,
      ...(config.metrics.perServer && {
        serverSeries: { serversMax: config.metrics.serversMax },
      }),
      ...(config.networks.file !== undefined && { networksFile: config.networks.file }),
      ...(webRoot !== undefined && { webRoot }),
      adminKeys: secrets.adminKey === undefined ? [] : [secrets.adminKey],
    }),
  );
  await server.start();
  tellLoadUntilClosed(stack, { server, progress, clock: context.clock });
  if (!config.roles.includes("api")) {
    const at = config.listen.portChosen ? `health at ${server.url}` : "nothing listens";
    progress.say("server", `running as ${config.roles.join(", ")}; ${at}`);
    return;
  }
  const { url } = await server.createLoginUrl();
  progress.say("dashboard", url, { url });
  if (secrets.masterKey === undefined) {
    progress.say(
      "agents",
      "no certificates and no listener of their own: name a master key with --master-key-file (openssl rand -base64 32 makes one)",
    );
  }
  await sayAgents(progress, server);
}
