// Finds the configuration of a role: the file, the environment and the command line, in rising order of weight.

import { AppError } from "@truechimer/base";
import type { CliContext } from "../cli-context.ts";
import { type Config, type Role, validConfig } from "./config.ts";
import { readRawConfig, type Setting } from "./raw-config.ts";
import { readSecrets, type Secrets } from "./secrets.ts";

/** The flags of `up`, `server` and `agent` that set a key; each has the weight of the person who typed it. */
export interface ConfigFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly agentsHost?: string;
  readonly agentsPort?: string;
  readonly masterKeyFile?: string;
  readonly lab?: boolean;
  /** With commas between. */
  readonly roles?: string;
  readonly watch?: readonly string[];
  readonly logLevel?: string;
  readonly server?: string;
  readonly address?: string;
  readonly tokenFile?: string;
  readonly bind?: string;
  readonly allowPrivateTargets?: boolean;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly secrets: Secrets;
  /** The file that was read, if any. */
  readonly file: string | undefined;
}

export async function loadConfig(
  role: Role,
  flags: ConfigFlags,
  env: CliContext["env"],
): Promise<LoadedConfig> {
  const file = flags.config ?? set(env["TRUECHIMER_CONFIG"]);
  const settings = [...environmentSettings(env), ...flagSettings(flags)];
  const config = validConfig(role, await readRawConfig(file, settings));
  const secrets = await readSecrets(config, set(env["DATABASE_URL"]));
  return { config, secrets, file };
}

/** A variable that is set to nothing is not set. */
function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

interface Variable {
  readonly name: string;
  readonly path: readonly string[];
  readonly convert?: (text: string) => unknown;
}

/** Variables that set a key. */
export const KEY_VARIABLES: readonly Variable[] = [
  { name: "TRUECHIMER_DATA_DIR", path: ["data_dir"] },
  { name: "TRUECHIMER_HOST", path: ["listen", "host"] },
  { name: "TRUECHIMER_PORT", path: ["listen", "port"], convert: portNumber },
  { name: "TRUECHIMER_MASTER_KEY_FILE", path: ["secrets", "master_key_file"] },
  { name: "TRUECHIMER_LOG_LEVEL", path: ["log", "level"] },
  { name: "OTEL_EXPORTER_OTLP_ENDPOINT", path: ["telemetry", "otlp_endpoint"] },
];

function environmentSettings(env: CliContext["env"]): readonly Setting[] {
  return KEY_VARIABLES.flatMap(({ name, path, convert = String }) => {
    const value = set(env[name]);
    if (value === undefined) return [];
    return [{ path, value: convert(value), origin: `environment variable ${name}` }];
  });
}

function flagSettings(flags: ConfigFlags): readonly Setting[] {
  return [
    flagSetting("--data-dir", ["data_dir"], flags.dataDir),
    flagSetting("--host", ["listen", "host"], flags.host),
    flagSetting("--port", ["listen", "port"], flags.port && portNumber(flags.port)),
    flagSetting("--agents-host", ["agents", "host"], flags.agentsHost),
    flagSetting(
      "--agents-port",
      ["agents", "port"],
      flags.agentsPort && portNumber(flags.agentsPort),
    ),
    flagSetting("--master-key-file", ["secrets", "master_key_file"], flags.masterKeyFile),
    flagSetting("--lab", ["lab", "mode"], flags.lab === undefined ? undefined : labMode(flags.lab)),
    flagSetting("--roles", ["roles"], flags.roles?.split(",")),
    flagSetting("--watch", ["servers"], flags.watch),
    flagSetting("--log-level", ["log", "level"], flags.logLevel),
    flagSetting("--server", ["agent", "server_url"], flags.server),
    flagSetting(
      "--allow-private-targets",
      ["targets", "private_allowed"],
      flags.allowPrivateTargets,
    ),
    flagSetting("--token-file", ["agent", "monitors"], agentMonitors(flags)),
  ].flat();
}

function flagSetting(origin: string, path: readonly string[], value: unknown): readonly Setting[] {
  return value === undefined ? [] : [{ path, value, origin }];
}

/** Text that is no number stays text, so that the message shows what was typed. */
function portNumber(text: string): number | string {
  return /^\d{1,5}$/.test(text) ? Number(text) : text;
}

function labMode(wanted: boolean): "on" | "off" {
  return wanted ? "on" : "off";
}

function agentMonitors({ address, tokenFile, bind }: ConfigFlags): unknown {
  if (tokenFile === undefined && address === undefined) return undefined;
  if (tokenFile === undefined || address === undefined) {
    throw new AppError("usage", "--address and --token-file belong together: give both");
  }
  return [{ address, token_file: tokenFile, ...(bind !== undefined && { bind_address: bind }) }];
}
