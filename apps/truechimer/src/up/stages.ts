// What `up` consists of, in the order in which it opens: database, control plane, lab, agent. Closed in reverse: the
// agent still delivers what it has measured.

import { type AgentMonitor, createAgent, createAgentMetrics } from "@truechimer/agent";
import { AppError } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createServer, createToken, type ListenAddress, type Server } from "@truechimer/server";
import { createLogger, createMetrics, type Logger, type Metrics } from "@truechimer/telemetry";
import { createProbeSocket, createTracer } from "@truechimer/udp";
import { createAdminClient } from "../admin-client.ts";
import { archiveSettings } from "../archive-settings.ts";
import { auditHeadFile } from "../audit-head-file.ts";
import { brokerSettings } from "../broker-settings.ts";
import type { DataDirectory } from "../data-directory.ts";
import { historySettings } from "../history-settings.ts";
import { oidcSettings } from "../oidc-settings.ts";
import { tellLoadUntilClosed } from "../output/load-progress.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import { agentsOptions, publicUrlOf, sayAgents } from "../server-addresses.ts";
import { serverPolicy } from "../server-policy.ts";
import { openTracing } from "../tracing.ts";
import { findWebRoot } from "../web-root.ts";
import { addConfiguredServers } from "./configured-servers.ts";
import { openDatabase } from "./database-stage.ts";
import { openLab } from "./lab-stage.ts";
import { openMasterKey } from "./master-key-stage.ts";
import { enrolOwnMonitors } from "./own-monitors.ts";
import type { UpWorld } from "./run-up.ts";

export interface StagesWorld extends UpWorld {
  readonly directory: DataDirectory;
  /** Where the listeners open their ports. */
  readonly places: { readonly dashboard: ListenAddress; readonly agents: ListenAddress };
}

interface ServingWorld extends StagesWorld {
  readonly logger: Logger;
  /** Of the control plane and of the agent: one process, one scrape. */
  readonly metrics: Metrics;
  readonly database: Database;
}

export async function openStages(stack: AsyncDisposableStack, world: StagesWorld): Promise<void> {
  const { context, loaded, progress, stop, directory } = world;
  const { config, secrets } = loaded;
  const logger = createLogger({ level: config.log.level });
  const metrics = createMetrics({ version: PRODUCT_VERSION });
  await openTracing(stack, {
    otlpEndpoint: config.telemetry.otlpEndpoint,
    clock: context.clock,
    serviceName: "truechimer",
  });
  const database = await openDatabase(stack, {
    databaseUrl: secrets.databaseUrl,
    dataDir: directory.path,
    poolSize: config.database.poolSize,
    progress,
    onConnectionLost: (error) => {
      // While stopping, connections end because we end the database.
      if (!stop.signal.aborted) logger.warn({ error }, "a database connection was lost");
    },
    onDatabaseEnded: () =>
      stop.fail(new AppError("database_unreachable", "the embedded PostgreSQL ended: see its log")),
  });
  const serving: ServingWorld = { ...world, logger, metrics, database };
  const { server, adminKey } = await openServer(stack, serving);
  const admin = createAdminClient({ url: server.localUrl, key: adminKey });
  // Before the lab, which only gives way to servers that are there.
  const serversWatched = await addConfiguredServers(stack, {
    targets: config.servers,
    addServers: (targets) => admin.addServers({ targets }),
    progress,
    logger,
    clock: context.clock,
  });
  const labMonitors = await openLab(stack, {
    config,
    serversWatched,
    database,
    server,
    progress,
    clock: context.clock,
    random: context.random,
    onBroken: (error) => stop.fail(error),
  });
  await openAgent(stack, serving, server, labMonitors);
}

/** Listens, tells the other commands where, and prints the address for a person. */
async function openServer(
  stack: AsyncDisposableStack,
  world: ServingWorld,
): Promise<{ readonly server: Server; readonly adminKey: string }> {
  const { context, loaded, progress, directory, places, logger, metrics, database } = world;
  const { clock, random } = context;
  const { config } = loaded;
  const masterKey =
    loaded.secrets.masterKey ??
    (await openMasterKey({ directory: directory.path, database, random, progress }));
  const webRoot = await findWebRoot();
  if (webRoot === undefined) {
    progress.say("dashboard", "it is not built, so only the API is served: npm start builds it");
  }
  const adminKey = createToken("tca_", random);
  const server = stack.use(
    await createServer({
      version: PRODUCT_VERSION,
      database,
      clock,
      random,
      logger,
      metrics,
      listen: places.dashboard,
      listensLocally: true,
      ...publicUrlOf(loaded),
      masterKey,
      ...(await auditHeadFile(config, directory.path)),
      agents: agentsOptions(config, places.agents),
      ...(await brokerSettings(loaded)),
      ...(await archiveSettings(loaded)),
      ...oidcSettings(loaded),
      allowedHosts: config.listen.allowedHosts,
      policy: serverPolicy(config),
      history: historySettings(config, directory.path),
      rateLimits: config.limits,
      scoresPublic: config.scores.public,
      ...(config.metrics.perServer && {
        serverSeries: { serversMax: config.metrics.serversMax },
      }),
      ...(config.networks.file !== undefined && { networksFile: config.networks.file }),
      ...(webRoot !== undefined && { webRoot }),
      adminKeys: [adminKey],
    }),
  );
  await server.start();
  tellLoadUntilClosed(stack, { server, progress, clock });
  await directory.writeAdminAddress({
    url: server.localUrl,
    key: adminKey,
    processId: process.pid,
    startedAtMs: Number(clock.nowNs() / 1_000_000n),
  });
  const { url } = await server.createLoginUrl();
  progress.say("dashboard", url, { url });
  await sayAgents(progress, server);
  return { server, adminKey };
}

async function openAgent(
  stack: AsyncDisposableStack,
  { context, progress, stop, logger, metrics }: ServingWorld,
  server: Server,
  labMonitors: readonly AgentMonitor[],
): Promise<void> {
  const { clock, random } = context;
  const ownMonitors = await enrolOwnMonitors(server);
  const probeSocket = stack.use(
    await createProbeSocket({
      clock,
      random,
      onFallback: (reason) =>
        progress.say("agent", `time stamps by this program, less exact: ${reason.message}`),
      onBroken: (error) => stop.fail(error),
    }),
  );
  server.health.addCheck("probe_socket", async () => {
    if (probeSocket.failure !== undefined) throw probeSocket.failure;
  });
  const agent = stack.use(
    createAgent({
      apiUrl: server.localUrl,
      monitors: [...ownMonitors, ...labMonitors],
      probeSocket,
      clock,
      random,
      logger,
      metrics: createAgentMetrics({ metrics, clock }),
      version: PRODUCT_VERSION,
      // The control plane is this program's own: its policy alone decides.
      allowPrivateTargets: true,
      tracer: stack.use(createTracer({ clock, random })),
      onDemand: { transport: "stream" },
    }),
  );
  agent.start();
  const stamps = probeSocket.timestampSource === "kernel" ? "kernel" : "user-space";
  const addresses = ownMonitors.map(({ address }) => address.text);
  progress.say("agent", `watching from ${addresses.join(" and ")}, ${stamps} time stamps`, {
    addresses,
    stamps,
  });
}
