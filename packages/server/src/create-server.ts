// The control plane: built from the world that it is given, started, stopped without loss.

import { AppError, type Clock, createUlid, type Random, type UnixNs } from "@truechimer/base";
import { type Database, pingDatabase } from "@truechimer/database";
import {
  createHealthRegistry,
  createMetrics,
  type HealthRegistry,
  type Logger,
  type Metrics,
  silentLogger,
} from "@truechimer/telemetry";
import { acmeLoop, acmeNeedsKey } from "./acme/acme-loop.ts";
import {
  type CreatedMonitor,
  createMonitor,
  type MonitorToCreate,
} from "./admin-api/create-monitor.ts";
import { issueAdminKey } from "./admin-api/issue-admin-key.ts";
import {
  type RegisterLabOptions,
  registerLabServers,
  retireLab,
} from "./admin-api/register-lab-servers.ts";
import {
  type RegisteredServers,
  registerServers,
  type ServerToRegister,
} from "./admin-api/register-servers.ts";
import { AGENT_SETTINGS, type AgentSettings } from "./agent-settings.ts";
import { archiveLoop } from "./archive/archive-loop.ts";
import { type ArchiveSettings, createArchive } from "./archive/create-archive.ts";
import { createHeadKeeper } from "./audit/keep-head.ts";
import { createHeadSigner } from "./audit/signed-head.ts";
import { createCertificateAuthority } from "./ca/certificate-authority.ts";
import { createSeal } from "./ca/seal.ts";
import { createSigningKeys } from "./ca/signing-keys.ts";
import type { ResolveName, ServerContext, ServerRole } from "./context.ts";
import { createAgentTokens } from "./enrolment/agent-tokens.ts";
import { createFaultThread } from "./fault/fault-thread.ts";
import { HISTORY_SETTINGS, type HistorySettings } from "./history/history-settings.ts";
import { createHotHistory } from "./history/hot-history.ts";
import { FINAL_PHASES, type LoadProgress } from "./history/load-state.ts";
import { type AdminAccess, createAdminAccess } from "./http/admin-access.ts";
import { type AgentListener, createAgentListener } from "./http/agent-listener.ts";
import { createCallsInFlight } from "./http/calls-in-flight.ts";
import { createHealthApp } from "./http/health-app.ts";
import { createHttpApp } from "./http/http-app.ts";
import { HTTP_LIMITS, type HttpLimits, type ListenerOptions } from "./http/http-options.ts";
import { type ListenAddress, listen } from "./http/listen.ts";
import { createPresentedCertificate } from "./http/presented-certificate.ts";
import { tellCertificate } from "./http/tell-certificate.ts";
import { createTlsFront, type DashboardTls } from "./http/tls-front.ts";
import { startIngestWatch } from "./ingest/ingest-watch.ts";
import { JOB_TIMING, type JobTiming } from "./jobs/job-timing.ts";
import { startWorker } from "./jobs/start-worker.ts";
import { createRequestAddresses } from "./limits/caller-key.ts";
import { createLimits, type Limits } from "./limits/limits.ts";
import type { LimitSettings } from "./limits/rate-limits.ts";
import { type Loop, registerLoops } from "./loops/loop.ts";
import { LOOPS } from "./loops/registry.ts";
import { createMonitorCalls } from "./monitor-api/monitor-calls.ts";
import { createTicketKeyring } from "./monitor-api/ticket-keyring.ts";
import { NO_NETWORKS, openNetworks } from "./networks/networks.ts";
import { createOidcClient } from "./oidc/oidc-client.ts";
import type { OidcSettings } from "./oidc/oidc-settings.ts";
import type { MqttHubSettings } from "./on-demand/mqtt-hub.ts";
import { createOnDemand } from "./on-demand/on-demand.ts";
import type { OnDemandTiming } from "./on-demand/on-demand-timing.ts";
import { createCallerWatch } from "./people/caller-watch.ts";
import { createPasswords } from "./people/passwords.ts";
import { POOL_POLICY, type ServerPolicy } from "./policy.ts";
import { type ReplicaPresence, startReplicaPresence } from "./replicas/replica-presence.ts";
import { createNameResolver } from "./resolve-name.ts";
import { createRuleSets } from "./rules/rule-sets.ts";
import { type ScorerLoop, startScorer } from "./scorer/scorer-loop.ts";
import { addServerGauges } from "./server-gauges.ts";
import { createServerMetrics } from "./server-metrics.ts";
import { addServerSeries, type ServerSeriesSettings } from "./server-series.ts";
import { stopServer } from "./stop-server.ts";

/** Any free port. */
const LOCAL_PLACE: ListenAddress = { host: "127.0.0.1", port: 0 };

const ALL_ROLES: readonly ServerRole[] = ["api", "scorer", "worker"];

export interface ServerOptions {
  /** Migrated. The server does not close it. */
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Shown to people and in metrics. */
  readonly version: string;
  /** Port 0: any free one. */
  readonly listen: ListenAddress;
  /** Absent: plain HTTP. */
  readonly tls?: DashboardTls;
  /** Whether, beside TLS, a plain listener answers on a free port of loopback, for programs of this host. Default: no. */
  readonly listensLocally?: boolean;
  /** Default: all. */
  readonly roles?: readonly ServerRole[];
  /** Whether a process without the role `api` listens, for its health and metrics. Default: no. */
  readonly listensWithoutApi?: boolean;
  /**
   * How long everything is still answered once the server was told to stop, so that a load balancer can take notice; at
   * most 4,000. Default: 0.
   */
  readonly stopNoticeMs?: number;
  /** Default: a pool's. */
  readonly policy?: ServerPolicy;
  /** By which certificates are issued. Default: `clock`. Another one makes certificates that are old at once. */
  readonly authorityClock?: Clock;
  /** 32 bytes that seal the keys in the database. Absent: no certificate authority and no tokens. */
  readonly masterKey?: Uint8Array;
  /**
   * What is left out has the default of `AGENT_SETTINGS`. With `listen` and a master key, agents have a listener of
   * their own, by TLS.
   */
  readonly agents?: Partial<AgentSettings> & { readonly listen?: ListenAddress };
  /** File that keeps the signed end of the audit trail. Absent: the log alone has it. */
  readonly auditHeadFile?: string;
  /** MMDB file that tells the network of an address. Absent: paths are shown without their networks. */
  readonly networksFile?: string;
  /** Whether everybody may read `/scores/SERVER/log` and `/scores/SERVER/json`, as with the NTP Pool. Default: no. */
  readonly scoresPublic?: boolean;
  /** Whether `/metrics` has series of each server. Default: no. */
  readonly serverSeries?: ServerSeriesSettings;
  /** Folder of the built dashboard; it may come into being later. */
  readonly webRoot?: string;
  /** Names under which people reach us beside the address that we listen on. */
  readonly allowedHosts?: readonly string[];
  /** Address that people open, such as "https://clocks.example". Default: the listener's. */
  readonly publicUrl?: string;
  /** Where people may sign in beside name and password; the provider knows `publicUrl`. Absent: nowhere. */
  readonly oidc?: OidcSettings;
  /** Keys for the admin API that hold as long as this server runs; each begins with `tca_`. */
  readonly adminKeys?: readonly string[];
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly health?: HealthRegistry;
  /** Default: the host's name service. */
  readonly resolveName?: ResolveName;
  readonly limits?: Partial<HttpLimits>;
  /** What differs from the registry of limits (limits/rate-limits.ts). */
  readonly rateLimits?: LimitSettings;
  /** The broker by which agents of the NTP Pool are asked on demand. Absent: none, and none is needed. */
  readonly mqtt?: MqttHubSettings;
  readonly onDemandTiming?: Partial<OnDemandTiming>;
  readonly jobTiming?: Partial<JobTiming>;
  /**
   * Keeps results in memory; what is left out has the default of `HISTORY_SETTINGS`, the retention that of the policy.
   * Absent, or without the role `api`: every question goes to the database.
   */
  readonly history?: Partial<HistorySettings>;
  /** Where every result and every path is sent, to be kept beyond the retention. Absent: nowhere. */
  readonly archive?: ArchiveSettings;
  /** Default: all that there are. */
  readonly loops?: readonly Loop[];
}

export interface Server extends AsyncDisposable {
  /** Where the listener answers, without a path: "http://127.0.0.1:8123". Only after `start`. */
  readonly url: string;
  /** The same for programs of this host: without TLS where there is such a listener. */
  readonly localUrl: string;
  /** Where the agents' listener answers: "https://127.0.0.1:8124". Absent: there is none, or it was not started. */
  readonly agentsUrl: string | undefined;
  /** SHA-256 over the root certificate that agents trust, in hexadecimal digits. Fails without a master key. */
  rootFingerprint(): Promise<string>;
  readonly health: HealthRegistry;
  /** How the results come into memory. Undefined: none are kept there. */
  historyLoad(): LoadProgress | undefined;
  /** Listens and starts the loops. Fails with `port_in_use` when the port is taken. */
  start(): Promise<void>;
  /** An address that opens the dashboard once; its key holds for a day. */
  createLoginUrl(): Promise<{ readonly url: string; readonly expiresAtNs: UnixNs }>;
  addServers(servers: readonly ServerToRegister[]): Promise<RegisteredServers>;
  /** The lab's servers by name; a changed port moves the server with its history. */
  registerLabServers(
    servers: readonly ServerToRegister[],
    options?: RegisterLabOptions,
  ): Promise<void>;
  retireLab(): Promise<void>;
  createMonitor(monitor: MonitorToCreate): Promise<CreatedMonitor>;
  issueAdminKey(name: string): Promise<string>;
}

export async function createServer(options: ServerOptions): Promise<Server> {
  let scorer: ScorerLoop | undefined;
  const context = await createContext(options, () => scorer?.wake());
  const { health, roles } = context;
  const access = await createAdminAccess(context, { adminKeys: options.adminKeys ?? [] });
  const shutdown = new AbortController();
  const calls = createCallsInFlight();
  let listening: string | undefined;
  let listeningLocally: string | undefined;
  const url = (): string => {
    if (listening === undefined)
      throw new AppError("stopped", "the server was not started, so it has no address");
    return listening;
  };
  const publicUrl = (): string => options.publicUrl ?? url();
  const onDemand = createOnDemand(context, { timing: options.onDemandTiming ?? {} });
  let agentsListening: string | undefined;
  const listenerOptions: ListenerOptions = {
    limits: { ...HTTP_LIMITS, ...options.limits },
    publicUrl,
    agentsUrl: () => context.agents.publicUrl ?? agentsListening,
    agentTokens: createAgentTokens({
      clock: context.clock,
      signingKeys: context.signingKeys,
      issuer: publicUrl,
    }),
    onDemand,
    calls,
    shutdownSignal: shutdown.signal,
  };
  const hosts = { listenHost: options.listen.host, allowedHosts: hostNames(options) };
  const isApi = roles.includes("api");
  const app = isApi
    ? await createHttpApp(context, {
        access,
        hosts,
        webRoot: options.webRoot,
        scoresPublic: options.scoresPublic ?? false,
        ...listenerOptions,
      })
    : options.listensWithoutApi === true
      ? await createHealthApp(context, { limits: listenerOptions.limits, hosts })
      : undefined;
  const front =
    app === undefined || options.tls === undefined
      ? undefined
      : createTlsFront(context, app, {
          tls: options.tls,
          address: options.listen,
          publicUrl: options.publicUrl,
          limits: listenerOptions.limits,
        });
  const agents = isApi ? agentListener(context, options, listenerOptions) : undefined;
  let presence: ReplicaPresence | undefined;
  let worker: AsyncDisposable | undefined;
  let ingestWatch: AsyncDisposable | undefined;
  let certificateTold: AsyncDisposable | undefined;

  return {
    get url() {
      return url();
    },
    get localUrl() {
      return listeningLocally ?? url();
    },
    get agentsUrl() {
      return agentsListening;
    },
    rootFingerprint: async () => {
      if (context.ca !== undefined) return context.ca.rootFingerprint();
      throw new AppError("usage", "without a master key there is no certificate authority");
    },
    health,
    historyLoad: () => context.history?.progress(),
    start: async () => {
      await registerLoops(context.database, context.loops);
      // Made, or found to be sealed with another key, before anybody asks.
      await context.ca?.rootFingerprint();
      listening = await front?.start();
      if (app !== undefined && (front === undefined || options.listensLocally === true)) {
        const place = front === undefined ? options.listen : LOCAL_PLACE;
        listeningLocally = await listen(app, { ...place, scheme: "http", portSetting: "--port" });
        listening ??= listeningLocally;
      }
      agentsListening = await agents?.start();
      if (isApi) await onDemand.start();
      context.history?.start();
      if (isApi) ingestWatch = startIngestWatch(context);
      if (front !== undefined) certificateTold = tellCertificate(context);
      if (roles.includes("scorer")) scorer = startScorer(context);
      presence = await startReplicaPresence(context);
      if (roles.includes("worker")) worker = await startWorker(context, presence);
      health.markStarted();
    },
    createLoginUrl: () => loginUrl(access, publicUrl()),
    addServers: (servers) => registerServers(context, servers),
    registerLabServers: (servers, labOptions) => registerLabServers(context, servers, labOptions),
    retireLab: () => retireLab(context),
    createMonitor: (monitor) => createMonitor(context, monitor),
    issueAdminKey: (name) => issueAdminKey(context, name),
    [Symbol.asyncDispose]: () =>
      stopServer({
        context,
        app,
        front,
        agents,
        onDemand,
        calls,
        work: [worker, scorer, context.history, ingestWatch, certificateTold],
        presence,
        shutdown,
        noticeMs: options.stopNoticeMs ?? 0,
      }),
  };
}

async function createContext(
  options: ServerOptions,
  wakeScorer: () => void,
): Promise<ServerContext> {
  const { database, clock, random, version } = options;
  const metricsRegistry = options.metrics ?? createMetrics({ version });
  const logger = options.logger ?? silentLogger;
  const health =
    options.health ??
    createHealthRegistry({
      clock,
      onFailure: (check, error) => logger.error({ error, check }, "not ready"),
    });
  health.addCheck("database", () => pingDatabase(database));
  const archive =
    options.archive === undefined ? undefined : createArchive(options.archive, { clock, random });
  const acme = options.tls?.kind === "acme" ? options.tls : undefined;
  if (acme !== undefined && options.masterKey === undefined) throw acmeNeedsKey();
  const loops = [
    ...(options.loops ?? LOOPS),
    ...(archive === undefined ? [] : [archiveLoop(archive)]),
    ...(acme === undefined ? [] : [acmeLoop(acme)]),
  ];
  const jobTiming = { ...JOB_TIMING, ...options.jobTiming };
  addServerGauges(metricsRegistry, { database, loops, jobTiming });
  if (options.serverSeries !== undefined)
    addServerSeries(metricsRegistry, database, options.serverSeries);
  const agents = { ...AGENT_SETTINGS, ...options.agents };
  const keys = keyHolders(options, agents);
  const metrics = createServerMetrics(metricsRegistry);
  const { masterKey } = options;
  const auditSigner = masterKey === undefined ? undefined : createHeadSigner(masterKey);
  const networks =
    options.networksFile === undefined
      ? NO_NETWORKS
      : await openNetworks({ file: options.networksFile, clock, logger });
  const limits: Limits = await createLimits({
    database,
    clock,
    random,
    logger,
    counter: metrics.rateLimits,
    settings: options.rateLimits ?? {},
  });
  const requestAddress = createRequestAddresses(agents.trustedProxies);
  const ruleSets = createRuleSets();
  return {
    version,
    startedAtNs: clock.nowNs(),
    replicaId: createUlid(clock, random),
    roles: options.roles ?? ALL_ROLES,
    database,
    clock,
    random,
    logger,
    metricsRegistry,
    metrics,
    health,
    policy: options.policy ?? POOL_POLICY,
    ruleSets,
    loops,
    jobTiming,
    agents,
    limits,
    auditHead: createHeadKeeper({
      database,
      clock,
      logger,
      signer: auditSigner,
      file: options.auditHeadFile,
    }),
    ...(auditSigner === undefined ? {} : { auditSigner }),
    requestAddress,
    callerKey: (request) => requestAddress(request).key,
    passwords: createPasswords({ random, limits }),
    callerWatch: createCallerWatch({ database, clock, logger }),
    ...keys,
    networks,
    resolveName: options.resolveName ?? createNameResolver(),
    ticketKeys: createTicketKeyring({ database, clock, random, seal: keys.seal }),
    monitorCalls: createMonitorCalls({ database, clock, ruleSets }),
    ...(options.mqtt === undefined ? {} : { mqtt: options.mqtt }),
    ...(options.oidc === undefined ? {} : { oidc: createOidcClient(options.oidc, clock) }),
    ...historyOf(options, logger, health),
    faultThread: createFaultThread({ url: database.pool.options.connectionString ?? "" }),
    ...(archive === undefined ? {} : { archive }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    presented: createPresentedCertificate(),
    ...(acme === undefined ? {} : { acme }),
    wakeScorer,
  };
}

/** Ready with the first chunk, or once it is known that there will be none: then the database answers. */
function historyOf(
  options: ServerOptions,
  logger: Logger,
  health: HealthRegistry,
): Pick<ServerContext, "history"> {
  const { database, clock, policy = POOL_POLICY, roles = ALL_ROLES } = options;
  if (options.history === undefined || !roles.includes("api")) return {};
  const settings = { ...HISTORY_SETTINGS, retentionMs: policy.retentionMs, ...options.history };
  const history = createHotHistory({ database, clock, logger, settings });
  health.addCheck("history", async () => {
    const { phase, rows, horizonUs } = history.progress();
    const isServing = FINAL_PHASES.has(phase) || Number.isFinite(horizonUs);
    if (!isServing) throw new AppError("history_loading", `the history is ${phase}, ${rows} rows`);
  });
  return { history };
}

function keyHolders(
  { masterKey, database, clock, authorityClock = clock, random }: ServerOptions,
  agents: AgentSettings,
): Pick<ServerContext, "ca" | "signingKeys" | "seal"> {
  if (masterKey === undefined) return {};
  return {
    ca: createCertificateAuthority({
      database,
      clock: authorityClock,
      random,
      masterKey,
      agents,
    }),
    signingKeys: createSigningKeys({ database, random, masterKey }),
    seal: createSeal({ masterKey, random }),
  };
}

function agentListener(
  context: ServerContext,
  { agents }: ServerOptions,
  options: ListenerOptions,
): AgentListener | undefined {
  const { ca } = context;
  if (ca === undefined || agents?.listen === undefined) return undefined;
  return createAgentListener(context, { ...options, ca, address: agents.listen });
}

function hostNames({ allowedHosts = [], publicUrl }: ServerOptions): readonly string[] {
  const own = publicUrl === undefined ? [] : [new URL(publicUrl).hostname];
  return [...allowedHosts, ...own].map((host) => host.toLowerCase());
}

async function loginUrl(
  access: AdminAccess,
  publicUrl: string,
): Promise<{ readonly url: string; readonly expiresAtNs: UnixNs }> {
  const { key, expiresAtNs } = await access.createOneTimeKey();
  return { url: `${publicUrl}/?key=${key}`, expiresAtNs };
}
