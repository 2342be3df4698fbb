// `run`: the agent of a state directory, until it is told to stop. It starts while its control plane is away, and while
// it is not enrolled at all: then it waits, and sees when `setup` or `enroll` has written its identity.

import { join } from "node:path";
import {
  type AgentIdentity,
  type AgentOptions,
  combineAgentMetrics,
  createAgent,
  createAgentIdentity,
  createAgentMetrics,
  createLeaseFile,
  createQueueFiles,
  createSessionTakeover,
  type FollowedIdentity,
  followIdentity,
  MONITOR_DOMAIN_DEFAULT,
  type OtlpLogLevel,
  parseOtlpLogLevel,
  type SessionTakeover,
} from "@truechimer/agent";
import { createMetrics, type Logger, type Metrics } from "@truechimer/telemetry";
import { createProbeSocket, createTracer, type ProbeSocket } from "@truechimer/udp";
import type { CliContext } from "../cli-context.ts";
import { askedFormat } from "../command-host.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import { createStop, runUntilStopped, type Stop } from "../run-until-stopped.ts";
import { openTracing } from "../tracing.ts";
import { type AgentActivity, createAgentActivity } from "./agent-activity.ts";
import { createAgentCalls } from "./agent-calls.ts";
import { createAgentLogger } from "./agent-logger.ts";
import {
  type AgentFlags,
  type AgentSettings,
  loadAgentSettings,
  typedCommand,
} from "./agent-settings.ts";
import { followControlPlane } from "./follow-control-plane.ts";
import { keepProcessLean, TICK_MS, workClock } from "./lean-process.ts";
import { publishLogs } from "./publish-logs.ts";
import { publishMetrics } from "./publish-metrics.ts";
import { type RunningStatus, runningStatus } from "./running-status.ts";
import { serveStatus } from "./status-socket.ts";

export interface RunOptions {
  readonly flags: AgentFlags;
  /** The program's name as it is typed, for what a person is told to type next. */
  readonly programName: string;
}

export async function runEnrolledAgent(
  context: CliContext,
  { flags, programName }: RunOptions,
): Promise<ExitCode> {
  const settings = await loadAgentSettings(flags, context);
  const progress = createProgress(context, askedFormat(flags));
  const logger = createAgentLogger({ level: settings.logLevel, variables: settings.variables });
  const stop = createStop(context.stopSignal());
  const { closedInTime } = await runUntilStopped(
    stop,
    context.clock,
    (stack) => openAgent(stack, { context, settings, programName, progress, logger, stop }),
    () => progress.say("stopping", "finishing what is in flight"),
  );
  return closedInTime ? EXIT.good : EXIT.bad;
}

interface Opened {
  readonly context: CliContext;
  readonly settings: AgentSettings;
  readonly programName: string;
  readonly progress: Progress;
  readonly logger: Logger;
  readonly stop: Stop;
}

interface World extends Opened {
  readonly setOtlpLogLevel: (level: OtlpLogLevel) => void;
}

/** What is opened first is closed last: the identity lends its lock to all the rest. */
async function openAgent(stack: AsyncDisposableStack, opened: Opened): Promise<void> {
  const { context, settings, progress, stop } = opened;
  const { clock } = context;
  stack.use(keepProcessLean(clock));
  await openTracing(stack, {
    otlpEndpoint: settings.otlpEndpoint,
    clock,
    serviceName: "truechimer-agent",
  });
  const logs = await publishLogs(stack, { ...settings, logger: opened.logger, clock });
  const { logger } = logs;
  const world: World = { ...opened, logger, setOtlpLogLevel: logs.setLevel };
  const identity = stack.use(await openIdentity(world));
  const storedLevel = parseOtlpLogLevel(identity.current.otlpLogLevel);
  if (storedLevel !== undefined) logs.setLevel(storedLevel);
  const following = stack.use(
    followIdentity(identity, {
      families: settings.families,
      localAddresses: settings.localAddresses,
    }),
  );
  const metrics = await openMetrics(stack, world);
  const probeSocket = stack.use(await openProbeSocket(world));
  await openWork(stack, world, { identity, following, metrics, probeSocket });
  const stopListening = context.onHangUp?.(() => {
    logger.info({}, "looking at files and control plane anew, as SIGHUP asks");
    identity.reload().catch(() => {});
  });
  if (stopListening !== undefined) stack.defer(stopListening);
  identity.start();
  tellStart(world, identity);
  stop.signal.throwIfAborted();
  progress.say("ready", `the agent runs on ${settings.directory}`, {
    directory: settings.directory,
  });
}

async function openIdentity({ context, settings, logger, stop }: World): Promise<AgentIdentity> {
  const { clock, random } = context;
  if (settings.stateDirectoryWarning !== undefined) {
    logger.warn({ directory: settings.stateDirectory }, settings.stateDirectoryWarning);
  }
  const { userAgent, controlPlane } = createAgentCalls(settings, clock);
  return createAgentIdentity({
    environment: settings.environment,
    stateDirectory: settings.stateDirectory,
    hosts: settings.hosts,
    controlPlane,
    userAgent,
    clock,
    random,
    logger,
    runAsProcess: process.pid,
    onDirectoryLost: (error) => stop.fail(error),
    runtimeDirectory: settings.variables["RUNTIME_DIRECTORY"],
    rootPem: settings.rootPem,
  });
}

/** Absent: nobody wants them. */
async function openMetrics(
  stack: AsyncDisposableStack,
  { context, settings, progress, logger }: World,
): Promise<Metrics | undefined> {
  const { metricsListen, otlpEndpoint, environment } = settings;
  if (metricsListen === undefined && otlpEndpoint === undefined) return undefined;
  const metrics = createMetrics({ version: PRODUCT_VERSION });
  const url = await publishMetrics(stack, {
    metrics,
    listen: metricsListen,
    otlpEndpoint,
    environment,
    clock: context.clock,
    logger,
  });
  if (url !== undefined) progress.say("metrics", `at ${url}`, { url });
  return metrics;
}

function openProbeSocket({ context, progress, logger, stop }: World): Promise<ProbeSocket> {
  const { clock, random } = context;
  return createProbeSocket({
    clock,
    random,
    lookEveryMs: TICK_MS,
    onFallback: (reason) => {
      logger.warn({ error: reason }, "time stamps are taken by this program");
      progress.say("stamps", `by this program: ${reason.message}`);
    },
    onBroken: (error) => stop.fail(error),
  });
}

interface WorkParts {
  readonly identity: AgentIdentity;
  readonly following: FollowedIdentity;
  readonly metrics: Metrics | undefined;
  readonly probeSocket: ProbeSocket;
}

async function openWork(
  stack: AsyncDisposableStack,
  world: World,
  parts: WorkParts,
): Promise<void> {
  const { context, settings, logger, stop } = world;
  const { clock } = context;
  const activity = createAgentActivity(clock);
  const sessionTakeover = stack.use(createSessionTakeover({ clock }));
  await openStatus(stack, world, runningStatus({ ...parts, activity, sessionTakeover, clock }));
  const options = agentOptions(stack, world, { ...parts, activity, sessionTakeover });
  const stopping = new AbortController();
  const working = followControlPlane({
    identity: parts.identity,
    hosts: settings.hosts,
    logger,
    signal: stopping.signal,
    createAgent: ({ monitorUrl }) => {
      world.progress.say("agent", `probing for ${monitorUrl}`, { apiUrl: monitorUrl });
      const queueFiles = createQueueFiles(join(settings.directory, "queue"));
      const leaseFile = createLeaseFile({ directory: settings.directory, random: context.random });
      return createAgent({ ...options, apiUrl: monitorUrl, queueFiles, leaseFile });
    },
  });
  working.catch((error: unknown) => stop.fail(error as Error));
  stack.defer(async () => {
    stopping.abort();
    await working.catch(() => {});
  });
}

async function openStatus(
  stack: AsyncDisposableStack,
  { context, settings, logger }: World,
  status: () => RunningStatus,
): Promise<void> {
  const { directory } = settings;
  const serving = await serveStatus({ directory, status, clock: context.clock });
  if (serving !== undefined) stack.use(serving);
  else {
    logger.warn(
      { directory },
      "the state directory's path is too long for a socket: `status` cannot ask this agent",
    );
  }
}

interface AgentPieces extends WorkParts {
  readonly activity: AgentActivity;
  readonly sessionTakeover: SessionTakeover;
}

/** All but where to and what to keep. */
function agentOptions(
  stack: AsyncDisposableStack,
  { context, settings, logger, setOtlpLogLevel }: World,
  { identity, following, metrics, probeSocket, activity, sessionTakeover }: AgentPieces,
): Omit<AgentOptions, "apiUrl" | "queueFiles" | "leaseFile"> {
  const { clock, random } = context;
  const counted =
    metrics === undefined
      ? []
      : [createAgentMetrics({ metrics, clock, certificate: () => identity.current.pair })];
  const { environment, hosts, allowPrivateTargets } = settings;
  return {
    monitors: following,
    probeSocket,
    tracer: stack.use(createTracer({ clock, random })),
    clock: workClock(clock),
    random,
    logger,
    version: PRODUCT_VERSION,
    metrics: combineAgentMetrics([activity.metrics, ...counted]),
    allowPrivateTargets,
    sessionTakeover,
    onOtlpLogLevel: (level) => {
      setOtlpLogLevel(level);
      identity.setOtlpLogLevel(level).catch((error: unknown) => {
        logger.warn({ error }, "the level of the copied log is not stored for the next start");
      });
    },
    onDemand: {
      onConfigurationChanged: () => void identity.reload(),
      onOnline: activity.sessionChanged,
      mqtt: {
        tlsName: () => identity.current.tlsName || undefined,
        environment,
        monitorDomain: hosts.monitorDomain ?? MONITOR_DOMAIN_DEFAULT,
      },
    },
  };
}

function tellStart({ settings, programName, progress }: World, identity: AgentIdentity): void {
  const { apiKey, pair } = identity.current;
  if (apiKey !== "" || pair !== undefined) return;
  const command = typedCommand(`${programName} enroll --server URL --token-file FILE`, settings);
  progress.say("waiting", `not enrolled yet; on this host, type: ${command}`);
}
