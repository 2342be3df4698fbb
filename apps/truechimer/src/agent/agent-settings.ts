// What an agent is told about itself: on the command line, else by the environment, else by the defaults file. The NTP
// Pool's agent's names are understood where they mean the same, so that its unit files and packages go on to work.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import {
  type Environment,
  environmentDirectory,
  findStateDirectory,
  type HostSettings,
  hostSettingsFrom,
  parseEnvironment,
} from "@truechimer/agent";
import { AppError, type IpAddress, type IpFamily, parseIpAddress } from "@truechimer/base";
import type { CliContext } from "../cli-context.ts";
import type { OutputOptions } from "../command-host.ts";
import { type Variables, withDefaultsFile } from "./defaults-file.ts";
import type { ListenAddress } from "./metrics-endpoint.ts";

/** The options that every command of the agent takes. */
export interface AgentFlags extends OutputOptions {
  readonly env?: string;
  readonly deployEnv?: string;
  readonly stateDir?: string;
  readonly server?: string;
  readonly monitorDomain?: string;
  readonly caFile?: string;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly bind?: readonly string[];
  readonly metricsListen?: string;
  readonly allowPrivateTargets?: boolean;
  readonly logLevel?: string;
  readonly debug?: boolean;
}

export type AgentLogLevel = "debug" | "info" | "warn" | "error";

export interface AgentSettings {
  readonly environment: Environment;
  /** Absolute; has a folder for each environment. */
  readonly stateDirectory: string;
  /** `<state directory>/<environment>`. */
  readonly directory: string;
  readonly stateDirectoryNamedBy: string;
  readonly stateDirectoryWarning: string | undefined;
  readonly hosts: HostSettings;
  /** PEM of what the control plane's certificates lead to, where the state directory names no root. */
  readonly rootPem: string | undefined;
  /** At least one. */
  readonly families: readonly IpFamily[];
  readonly localAddresses: Readonly<Partial<Record<IpFamily, IpAddress>>>;
  readonly metricsListen: ListenAddress | undefined;
  /** Of a collector of OpenTelemetry, without a path. */
  readonly otlpEndpoint: string | undefined;
  readonly allowPrivateTargets: boolean;
  readonly logLevel: AgentLogLevel;
  /** `--debug`: the control plane's level does not count. */
  readonly debug: boolean;
  /** The environment with the defaults file below it. */
  readonly variables: Variables;
}

const ENVIRONMENT_DEFAULT = "prod";
const LOG_LEVELS: readonly AgentLogLevel[] = ["debug", "info", "warn", "error"];
const CA_CHARACTERS_MAX = 262_144;
const PORT_MAX = 65_535;

/** Fails with usage or config_bad_value, which name the setting and where it was made. */
export async function loadAgentSettings(
  flags: AgentFlags,
  { env }: Pick<CliContext, "env">,
): Promise<AgentSettings> {
  const variables = await withDefaultsFile(env);
  const environment = environmentOf(flags, variables);
  const state = findStateDirectory({
    option: flags.stateDir,
    variables,
    homeDirectory: homeDirectory(variables),
    platform: process.platform,
    workingDirectory: process.cwd(),
  });
  if (!state.ok) throw new AppError("usage", state.error);
  return {
    environment,
    stateDirectory: state.value.path,
    directory: environmentDirectory(state.value.path, environment),
    stateDirectoryNamedBy: state.value.namedBy,
    stateDirectoryWarning: state.value.warning,
    hosts: hostSettings(flags, variables),
    rootPem: await rootPem(flags, variables),
    families: familiesOf(flags),
    localAddresses: localAddressesOf(flags),
    metricsListen: metricsListen(flags, variables),
    otlpEndpoint: set(variables["OTEL_EXPORTER_OTLP_ENDPOINT"]),
    allowPrivateTargets: flags.allowPrivateTargets ?? false,
    logLevel: logLevelOf(flags, variables),
    debug: flags.debug ?? false,
    variables,
  };
}

/** Such as `truechimer-agent run --env prod --state-dir '/var/lib/truechimer-agent'`, to be typed or copied. */
export function typedCommand(
  words: string,
  { environment, stateDirectory }: Pick<AgentSettings, "environment" | "stateDirectory">,
): string {
  return `${words} --env ${environment} --state-dir '${stateDirectory.replaceAll("'", `'\\''`)}'`;
}

/** A variable that is set to nothing is not set. */
function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

interface Named {
  readonly text: string;
  /** For messages: "--env", "environment variable DEPLOYMENT_MODE". */
  readonly origin: string;
}

/** The option, else the first of the variables that is set. */
function named(
  option: readonly [flag: string, value: string | undefined],
  names: readonly string[],
  variables: Variables,
): Named | undefined {
  const [flag, value] = option;
  if (value !== undefined) return { text: value, origin: flag };
  for (const name of names) {
    const text = set(variables[name]);
    if (text !== undefined) return { text, origin: `environment variable ${name}` };
  }
  return undefined;
}

function refusal({ origin }: Named, problem: string): AppError {
  return new AppError(
    origin.startsWith("--") ? "usage" : "config_bad_value",
    `${origin}: ${problem}`,
  );
}

function environmentOf(flags: AgentFlags, variables: Variables): Environment {
  const option = flags.env ?? flags.deployEnv;
  const found = named(["--env", option], ["DEPLOYMENT_MODE"], variables);
  const parsed = parseEnvironment(found?.text ?? ENVIRONMENT_DEFAULT);
  if (parsed.ok) return parsed.value;
  throw refusal(found ?? { text: "", origin: "--env" }, parsed.error);
}

/** Like the system's own: the variable first, so that a service can have another one. */
function homeDirectory(variables: Variables): string | undefined {
  try {
    return set(variables["HOME"]) ?? homedir();
  } catch {
    return undefined;
  }
}

function hostSettings(flags: AgentFlags, variables: Variables): HostSettings {
  const server = named(["--server", flags.server], ["TRUECHIMER_SERVER"], variables);
  if (server !== undefined && !isHttpAddress(server.text)) {
    throw refusal(server, `"${server.text}" is no address: expected https://host[:port]`);
  }
  const domain = named(
    ["--monitor-domain", flags.monitorDomain],
    ["TRUECHIMER_MONITOR_DOMAIN"],
    variables,
  );
  return hostSettingsFrom(variables, { serverUrl: server?.text, monitorDomain: domain?.text });
}

function isHttpAddress(text: string): boolean {
  const protocol = URL.parse(text)?.protocol;
  return protocol === "http:" || protocol === "https:";
}

async function rootPem(flags: AgentFlags, variables: Variables): Promise<string | undefined> {
  const file = named(["--ca-file", flags.caFile], ["TRUECHIMER_CA_FILE"], variables);
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file.text, "utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `${file.origin}: ${file.text} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
  if (text.includes("-----BEGIN CERTIFICATE-----") && text.length <= CA_CHARACTERS_MAX) return text;
  throw refusal(file, `${file.text} holds no certificates: expected PEM`);
}

function familiesOf({ ipv4 = true, ipv6 = true }: AgentFlags): readonly IpFamily[] {
  const families: readonly IpFamily[] = [
    ...(ipv4 ? ["v4" as const] : []),
    ...(ipv6 ? ["v6" as const] : []),
  ];
  if (families.length > 0) return families;
  throw new AppError("usage", "neither IPv4 nor IPv6 is left: leave out --no-ipv4 or --no-ipv6");
}

function localAddressesOf({ bind = [] }: AgentFlags): AgentSettings["localAddresses"] {
  const found: Partial<Record<IpFamily, IpAddress>> = {};
  for (const text of bind) {
    const parsed = parseIpAddress(text);
    if (!parsed.ok) throw new AppError("usage", `--bind: ${parsed.error}`);
    const { family } = parsed.value;
    if (found[family] !== undefined) {
      throw new AppError("usage", `--bind: ${text} is a second IP${family} address: give one`);
    }
    found[family] = parsed.value;
  }
  return found;
}

const LISTEN = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/;

function metricsListen(flags: AgentFlags, variables: Variables): ListenAddress | undefined {
  const found = named(
    ["--metrics-listen", flags.metricsListen],
    ["TRUECHIMER_METRICS_LISTEN"],
    variables,
  );
  if (found === undefined) return undefined;
  const [, bracketed, plain = "", portText] = LISTEN.exec(found.text) ?? [];
  const port = Number(portText ?? Number.NaN);
  if (port <= PORT_MAX) return { host: bracketed ?? plain, port };
  throw refusal(
    found,
    `"${found.text}" is no address to listen on: expected the form 127.0.0.1:9182`,
  );
}

function logLevelOf(flags: AgentFlags, variables: Variables): AgentLogLevel {
  if (flags.debug === true) return "debug";
  const names = ["TRUECHIMER_LOG_LEVEL", "MONITOR_LOG_LEVEL"];
  const found = named(["--log-level", flags.logLevel], names, variables);
  const level = LOG_LEVELS.find((each) => each === (found?.text ?? "info").toLowerCase());
  if (level !== undefined) return level;
  const wanted = LOG_LEVELS.join(", ");
  throw refusal(
    found ?? { text: "", origin: "--log-level" },
    `"${found?.text}" is no level: expected one of ${wanted}`,
  );
}
