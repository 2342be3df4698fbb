// `truechimer agent run` with monitors that have tokens of their own and no state directory: what `monitors add` makes.

import { createAgent } from "@truechimer/agent";
import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";
import { createLogger } from "@truechimer/telemetry";
import { createProbeSocket, createTracer } from "@truechimer/udp";
import { keepProcessLean, TICK_MS, workClock } from "../agent/lean-process.ts";
import type { CliContext } from "../cli-context.ts";
import type { OutputOptions } from "../command-host.ts";
import { askedFormat } from "../command-host.ts";
import type { ConfigFlags, LoadedConfig } from "../config/load-config.ts";
import { loadConfig } from "../config/load-config.ts";
import type { MonitorSecret } from "../config/secrets.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { PRODUCT_VERSION } from "../product-version.ts";
import { createStop, runUntilStopped, type Stop } from "../run-until-stopped.ts";
import { openTracing } from "../tracing.ts";

export async function runAgent(
  context: CliContext,
  options: ConfigFlags & OutputOptions,
): Promise<ExitCode> {
  const loaded = await loadConfig("agent", options, context.env);
  const progress = createProgress(context, askedFormat(options));
  const stop = createStop(context.stopSignal());
  const { closedInTime } = await runUntilStopped(
    stop,
    context.clock,
    (stack) => openAgent(stack, { context, loaded, progress, stop }),
    () => progress.say("stopping", "finishing what is in flight"),
  );
  return closedInTime ? EXIT.good : EXIT.bad;
}

interface AgentWorld {
  readonly context: CliContext;
  readonly loaded: LoadedConfig;
  readonly progress: Progress;
  readonly stop: Stop;
}

async function openAgent(
  stack: AsyncDisposableStack,
  { context, loaded, progress, stop }: AgentWorld,
): Promise<void> {
  const { config, secrets } = loaded;
  const { clock, random } = context;
  stack.use(keepProcessLean(clock));
  await openTracing(stack, {
    otlpEndpoint: config.telemetry.otlpEndpoint,
    clock,
    serviceName: "truechimer-agent",
  });
  const apiUrl = controlPlaneUrl(config.agent.serverUrl);
  if (secrets.monitors.length === 0) {
    throw new AppError(
      "usage",
      "no monitor is named: give --address and --token-file, or agent.monitors in a configuration file",
    );
  }
  const probeSocket = stack.use(
    await createProbeSocket({
      clock,
      random,
      lookEveryMs: TICK_MS,
      onFallback: ({ message }) => progress.say("stamps", `by this program: ${message}`),
      onBroken: (error) => stop.fail(error),
    }),
  );
  const agent = stack.use(
    createAgent({
      apiUrl,
      monitors: secrets.monitors.map(monitorOf),
      probeSocket,
      clock: workClock(clock),
      random,
      logger: createLogger({ level: config.log.level }),
      version: PRODUCT_VERSION,
      allowPrivateTargets: config.targets.privateAllowed,
      tracer: stack.use(createTracer({ clock, random })),
      onDemand: { transport: "stream" },
    }),
  );
  agent.start();
  const addresses = secrets.monitors.map(({ address }) => address);
  progress.say("agent", `probing for ${apiUrl} as ${addresses.join(" and ")}`, { apiUrl });
}

function controlPlaneUrl(text: string | undefined): string {
  if (text === undefined) {
    throw new AppError("usage", "no control plane is named: give --server or agent.server_url");
  }
  return text;
}

function monitorOf({ address, bindAddress, token }: MonitorSecret): {
  readonly address: IpAddress;
  readonly token: string;
  readonly localAddress?: IpAddress;
} {
  return {
    address: addressOf("agent.monitors.address", address),
    token,
    ...(bindAddress !== undefined && {
      localAddress: addressOf("agent.monitors.bind_address", bindAddress),
    }),
  };
}

function addressOf(key: string, text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed.ok) return parsed.value;
  throw new AppError("config_bad_value", `${key}: ${parsed.error}`);
}
