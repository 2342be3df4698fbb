// The validated configuration: raw values → checked → `Config` with every default filled in, in milliseconds.
// Secrets stay apart (secrets.ts); a Config may be printed and logged.

import { resolve } from "node:path";
import { AppError } from "@truechimer/base";
import {
  AGENT_LIFETIME_DEFAULT_MS,
  MONITOR_DOMAIN_DEFAULT,
  type MonitorEnvironment,
  parseMonitorEnvironment,
} from "@truechimer/pki";
import type { DashboardTls } from "@truechimer/server";
import type { z } from "zod";
import { type AcmeConfig, acmeConfig, refuseUnusedAcme } from "./acme-keys.ts";
import { type CheckedConfig, configSchema } from "./config-schema.ts";
import { kindOf } from "./duration-key.ts";
import { type LimitsConfig, limitsConfig } from "./limit-keys.ts";
import { type OidcConfig, oidcConfig } from "./oidc-keys.ts";
import type { KeyPath, RawConfig } from "./raw-config.ts";
import { closest } from "./suggest.ts";
import type { VaultConfig } from "./vault-master-key.ts";

export type Role = "up" | "server" | "agent";
export type ServerRoleName = "api" | "scorer" | "worker";
export type LabMode = "auto" | "on" | "off";

export interface CheckTimes {
  /** Time between two checks of a server by one monitor. */
  readonly intervalMs: number;
  readonly samples: number;
  /** Shortest time between two samples to one server. */
  readonly sampleIntervalMs: number;
  readonly sampleTimeoutMs: number;
}

export interface AgentMonitor {
  readonly address: string;
  readonly tokenFile: string;
  readonly bindAddress: string | undefined;
}

export interface BrokerConfig {
  readonly url: string;
  /** PEM. Absent: the system's roots. */
  readonly caFile: string | undefined;
  /** Where agents are told that it is. */
  readonly advertised: { readonly host: string; readonly port: number };
  /** Absent: a token of our own. */
  readonly account: { readonly username: string; readonly passwordFile: string } | undefined;
}

export type ArchiveConfig = ClickHouseConfig | DirectoryConfig | S3Config;

/** As the control plane takes it, but for secrets, which are files here. */
export type TlsConfig =
  | Exclude<DashboardTls, { readonly kind: "acme" }>
  | ({ readonly kind: "acme" } & AcmeConfig);

export interface S3Config {
  readonly kind: "s3";
  readonly endpoint: string;
  readonly bucket: string;
  /** Empty, or with "/" at its end. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretKeyFile: string;
  readonly pathStyle: boolean;
  /** PEM. Absent: the system's roots. */
  readonly caFile: string | undefined;
}

export interface DirectoryConfig {
  readonly kind: "directory";
  /** Absolute. */
  readonly directory: string;
}

export interface ClickHouseConfig {
  readonly kind: "clickhouse";
  readonly url: string;
  readonly database: string;
  readonly account: { readonly username: string; readonly passwordFile: string } | undefined;
  /** PEM. Absent: the system's roots. */
  readonly caFile: string | undefined;
}

export interface Config {
  readonly role: Role;
  /** Absent: the role's own default. */
  readonly dataDir: string | undefined;
  readonly servers: readonly string[];
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** Whether a person chose the port; another one is only taken when not. */
    readonly portChosen: boolean;
    readonly allowedHosts: readonly string[];
    /** Address that people open, without a path. Absent: the listener's own. */
    readonly publicUrl: string | undefined;
    /** How long everything is still answered once the program was told to stop. */
    readonly stopNoticeMs: number;
    /** Absent: plain HTTP. */
    readonly tls: TlsConfig | undefined;
  };
  /** The agents' own listener, and what their names and certificates are like. */
  readonly agents: {
    readonly host: string;
    readonly port: number;
    readonly portChosen: boolean;
    /** Address that agents are told. Absent: the listener's own. */
    readonly publicUrl: string | undefined;
    readonly monitorDomain: string;
    readonly environment: MonitorEnvironment;
    readonly certificateLifetimeMs: number;
    /** Whether agents of the NTP Pool are given keys of the control plane's making. */
    readonly serverMadeKeys: boolean;
    /** Whether results without tickets are taken. */
    readonly ticketlessAllowed: boolean;
    /** Proxies whose word on where an agent is counts. */
    readonly trustedProxies: readonly string[];
  };
  /** The broker for agents of the NTP Pool. Absent: none. */
  readonly mqtt: BrokerConfig | undefined;
  /** Absent: `up` has one in its data directory, `server` none. */
  readonly masterKeyFile: string | undefined;
  /** Where the master key is instead. Absent: in no Vault. */
  readonly vault: VaultConfig | undefined;
  readonly database: { readonly urlFile: string | undefined; readonly poolSize: number };
  readonly admin: { readonly keyFile: string | undefined };
  /** Where the signed end of the audit trail is kept. Absent: with `up` its data directory, else the log alone. */
  readonly audit: { readonly headFile: string | undefined };
  /** MMDB file that tells the network of an address. Absent: none is told. */
  readonly networks: { readonly file: string | undefined };
  /** Whether Prometheus is given series of each server, and of how many at most. */
  readonly metrics: { readonly perServer: boolean; readonly serversMax: number };
  /** Whether everybody may read the steps of the servers' scores. */
  readonly scores: { readonly public: boolean };
  readonly targets: { readonly privateAllowed: boolean };
  /** Whether monitors are asked for the path where trouble begins. */
  readonly paths: { readonly atOnset: boolean };
  readonly selection: { readonly policy: "private" | "pool" };
  readonly checks: CheckTimes;
  readonly verdict: { readonly offsetLimitMs: number; readonly witnessesMin: number };
  readonly history: {
    readonly retentionMs: number;
    readonly packetRetentionMs: number;
    /** Of results in memory; what is absent has the control plane's own default. */
    readonly memory: {
      readonly hotWindowMs?: number;
      readonly memoryBytesMax?: number;
      readonly coverageMin?: number;
      readonly reconnectMs?: number;
      /** 0: no checkpoints. */
      readonly checkpointEveryMs?: number;
    };
    /** Where the checkpoint of results in memory lies. Absent: with `up` its data directory, else nowhere. */
    readonly checkpointDir: string | undefined;
  };
  /** Where results and paths are kept beyond the retention. Absent: nowhere. */
  readonly archive: ArchiveConfig | undefined;
  /** Where people may sign in beside name and password. Absent: nowhere. */
  readonly oidc: OidcConfig | undefined;
  readonly lab: CheckTimes & { readonly mode: LabMode };
  readonly agent: {
    readonly serverUrl: string | undefined;
    readonly monitors: readonly AgentMonitor[];
  };
  /** Of a control plane. */
  readonly roles: readonly ServerRoleName[];
  readonly telemetry: {
    /** Where traces are sent to (OTLP over HTTP), without a path. Absent: nothing is traced. */
    readonly otlpEndpoint: string | undefined;
  };
  /** What differs from the control plane's own limits. */
  readonly limits: LimitsConfig;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
}

/** NTP's own port is 123; this one is easy to remember beside it and needs no privilege. */
const DEFAULT_PORT = 8123;
/** Ten thousand series: a small Prometheus. */
const SERIES_SERVERS = 1_000;
/** The next one, for the agents. */
const DEFAULT_AGENTS_PORT = 8124;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 1_440 * MINUTE_MS;

/**
 * What differs by role. `up` is one person's own host: its clocks may be private ones, and its one agent is witness
 * enough. A pool is asked by strangers: no private targets, and three witnesses; and a load balancer stands before it.
 */
const ROLE_DEFAULTS = {
  up: { privateAllowed: true, witnessesMin: 1, intervalMs: MINUTE_MS, stopNoticeMs: 0 },
  server: {
    privateAllowed: false,
    witnessesMin: 3,
    intervalMs: 9 * MINUTE_MS,
    stopNoticeMs: 2 * SECOND_MS,
  },
  agent: { privateAllowed: false, witnessesMin: 3, intervalMs: 9 * MINUTE_MS, stopNoticeMs: 0 },
} as const;

export function validConfig(role: Role, raw: RawConfig): Config {
  const checked = configSchema.safeParse(raw.values);
  if (!checked.success) throw refusal(checked.error.issues, raw);
  return withDefaults(role, checked.data);
}

function withDefaults(role: Role, given: CheckedConfig): Config {
  const defaults = ROLE_DEFAULTS[role];
  const privateAllowed = given.targets?.private_allowed ?? defaults.privateAllowed;
  return {
    role,
    dataDir: given.data_dir,
    servers: given.servers ?? [],
    listen: {
      host: given.listen?.host ?? "127.0.0.1",
      port: given.listen?.port ?? DEFAULT_PORT,
      portChosen: given.listen?.port !== undefined,
      allowedHosts: given.listen?.allowed_hosts ?? [],
      publicUrl: given.listen?.public_url && new URL(given.listen.public_url).origin,
      stopNoticeMs: given.listen?.stop_notice ?? defaults.stopNoticeMs,
      tls: tlsConfig(given),
    },
    agents: agentsConfig(given),
    mqtt: brokerConfig(given),
    masterKeyFile: given.secrets?.master_key_file,
    vault: vaultConfig(given),
    database: { urlFile: given.database?.url_file, poolSize: given.database?.pool_size ?? 10 },
    admin: { keyFile: given.admin?.key_file },
    audit: { headFile: given.audit?.head_file },
    networks: { file: given.networks?.file },
    metrics: {
      perServer: given.metrics?.per_server ?? false,
      serversMax: given.metrics?.servers_max ?? SERIES_SERVERS,
    },
    scores: { public: given.scores?.public ?? false },
    targets: { privateAllowed },
    paths: { atOnset: given.paths?.at_onset ?? true },
    selection: { policy: given.selection?.policy ?? (privateAllowed ? "private" : "pool") },
    checks: {
      intervalMs: given.checks?.interval ?? defaults.intervalMs,
      samples: given.checks?.samples ?? 3,
      sampleIntervalMs: given.checks?.sample_interval ?? 2 * SECOND_MS,
      sampleTimeoutMs: given.checks?.sample_timeout ?? 3 * SECOND_MS,
    },
    verdict: {
      offsetLimitMs: given.verdict?.offset_limit ?? 25,
      witnessesMin: given.verdict?.witnesses_min ?? defaults.witnessesMin,
    },
    history: {
      retentionMs: given.history?.retention ?? 400 * DAY_MS,
      packetRetentionMs: given.history?.packet_retention ?? 35 * DAY_MS,
      memory: memoryConfig(given.history),
      checkpointDir: given.history?.checkpoint_dir,
    },
    archive: archiveConfig(given),
    oidc: oidcConfig(given.oidc, given.listen?.public_url),
    lab: labConfig(given),
    agent: {
      serverUrl: given.agent?.server_url,
      monitors: (given.agent?.monitors ?? []).map((monitor) => ({
        address: monitor.address,
        tokenFile: monitor.token_file,
        bindAddress: monitor.bind_address,
      })),
    },
    roles: given.roles ?? ["api", "scorer", "worker"],
    telemetry: { otlpEndpoint: given.telemetry?.otlp_endpoint },
    limits: limitsConfig(given.limits),
    log: { level: given.log?.level ?? "warn" },
  };
}

function agentsConfig({ agents }: CheckedConfig): Config["agents"] {
  return {
    host: agents?.host ?? "127.0.0.1",
    port: agents?.port ?? DEFAULT_AGENTS_PORT,
    portChosen: agents?.port !== undefined,
    publicUrl: agents?.public_url && new URL(agents.public_url).origin,
    monitorDomain: agents?.monitor_domain?.toLowerCase() ?? MONITOR_DOMAIN_DEFAULT,
    environment: parseMonitorEnvironment(agents?.environment ?? "prod") ?? "prod",
    certificateLifetimeMs: agents?.certificate_lifetime ?? AGENT_LIFETIME_DEFAULT_MS,
    serverMadeKeys: agents?.server_made_keys ?? false,
    ticketlessAllowed: agents?.ticketless_allowed ?? false,
    trustedProxies: agents?.trusted_proxies ?? [],
  };
}

/** The port of MQTT over TLS; the NTP Pool's own broker has it on 1883. */
const MQTT_TLS_PORT = 8883;

function brokerConfig({ mqtt }: CheckedConfig): BrokerConfig | undefined {
  if (mqtt?.url === undefined) {
    const [key] = Object.keys(mqtt ?? {});
    if (key === undefined) return undefined;
    throw new AppError("config_bad_value", `mqtt.${key}: there is no broker without mqtt.url`);
  }
  const { hostname, port } = new URL(mqtt.url);
  const { username, password_file: passwordFile } = mqtt;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new AppError(
      "config_bad_value",
      "mqtt.username and mqtt.password_file belong together: give both, or neither for a token of our own",
    );
  }
  return {
    url: mqtt.url,
    caFile: mqtt.ca_file,
    advertised: {
      host: mqtt.advertised_host ?? hostname.replace(/^\[(.*)\]$/, "$1"),
      port: mqtt.advertised_port ?? (port === "" ? MQTT_TLS_PORT : Number(port)),
    },
    account:
      username === undefined || passwordFile === undefined ? undefined : { username, passwordFile },
  };
}

/** The key that says where an archive is; all others of its kind begin alike. */
const ARCHIVE_PLACES = {
  clickhouse_url: "clickhouse_",
  parquet_directory: "parquet_",
  s3_endpoint: "s3_",
} as const;

type ArchiveSection = NonNullable<CheckedConfig["archive"]>;

function archiveConfig({ archive = {} }: CheckedConfig): ArchiveConfig | undefined {
  const places = Object.entries(ARCHIVE_PLACES);
  const given = places.filter(([place]) => archive[place as keyof ArchiveSection] !== undefined);
  if (given.length > 1) {
    throw new AppError(
      "config_bad_value",
      `archive.${given.map(([place]) => place).join(" and archive.")} name two archives: there is one at most`,
    );
  }
  const [[, own] = []] = given;
  const stray = Object.keys(archive).find((key) => own === undefined || !key.startsWith(own));
  if (stray !== undefined) {
    const place = places.find(([, prefix]) => stray.startsWith(prefix))?.[0];
    throw new AppError(
      "config_bad_value",
      `archive.${stray}: there is no archive without archive.${place}`,
    );
  }
  if (archive.parquet_directory !== undefined)
    return { kind: "directory", directory: resolve(archive.parquet_directory) };
  if (archive.s3_endpoint !== undefined) return s3Config(archive.s3_endpoint, archive);
  return archive.clickhouse_url === undefined
    ? undefined
    : clickHouseConfig(archive.clickhouse_url, archive);
}

const S3_REGION_DEFAULT = "us-east-1";

function s3Config(endpoint: string, archive: ArchiveSection): S3Config {
  const needed = <Value>(key: string, value: Value | undefined): Value => {
    if (value !== undefined) return value;
    throw new AppError("config_bad_value", `archive.${key}: needed beside archive.s3_endpoint`);
  };
  const prefix = archive.s3_prefix ?? "";
  return {
    kind: "s3",
    endpoint: new URL(endpoint).origin,
    bucket: needed("s3_bucket", archive.s3_bucket),
    prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
    region: archive.s3_region ?? S3_REGION_DEFAULT,
    accessKeyId: needed("s3_access_key_id", archive.s3_access_key_id),
    secretKeyFile: needed("s3_secret_key_file", archive.s3_secret_key_file),
    pathStyle: archive.s3_path_style ?? true,
    caFile: archive.s3_ca_file,
  };
}

function clickHouseConfig(url: string, archive: ArchiveSection): ClickHouseConfig {
  const { clickhouse_username: username, clickhouse_password_file: passwordFile } = archive;
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new AppError(
      "config_bad_value",
      "archive.clickhouse_username and archive.clickhouse_password_file belong together: give both, or neither for the account default without a password",
    );
  }
  return {
    kind: "clickhouse",
    url: new URL(url).origin,
    database: archive.clickhouse_database ?? "default",
    account:
      username === undefined || passwordFile === undefined ? undefined : { username, passwordFile },
    caFile: archive.clickhouse_ca_file,
  };
}

function vaultConfig({ secrets }: CheckedConfig): VaultConfig | undefined {
  if (secrets?.vault_url === undefined) {
    const key = Object.keys(secrets ?? {}).find((name) => name.startsWith("vault_"));
    if (key === undefined) return undefined;
    throw new AppError("config_bad_value", `secrets.${key}: there is no Vault without vault_url`);
  }
  const { vault_url: url, vault_path: path, vault_token_file: tokenFile } = secrets;
  if (secrets.master_key_file !== undefined) {
    throw new AppError(
      "config_bad_value",
      "secrets.master_key_file and secrets.vault_url both say where the master key is: give one, not both",
    );
  }
  if (path === undefined || tokenFile === undefined) {
    throw new AppError(
      "config_bad_value",
      'secrets.vault_url needs secrets.vault_path (such as "secret/data/truechimer") and secrets.vault_token_file',
    );
  }
  return {
    url: new URL(url).origin,
    path: path.replace(/^\/?(v1\/)?/, ""),
    field: secrets.vault_field ?? "master_key",
    tokenFile,
    caFile: secrets.vault_ca_file,
  };
}

function memoryConfig(history: CheckedConfig["history"]): Config["history"]["memory"] {
  const { hot_window, memory, coverage_min, reconnect, checkpoint_interval } = history ?? {};
  return {
    ...(hot_window === undefined ? {} : { hotWindowMs: hot_window }),
    ...(memory === undefined ? {} : { memoryBytesMax: memory }),
    ...(coverage_min === undefined ? {} : { coverageMin: coverage_min }),
    ...(reconnect === undefined ? {} : { reconnectMs: reconnect }),
    ...(checkpoint_interval === undefined ? {} : { checkpointEveryMs: checkpoint_interval }),
  };
}

/** Short, so that a newcomer sees who lies within a minute; nobody else's server is asked this often. */
function labConfig(given: CheckedConfig): Config["lab"] {
  return {
    mode: given.lab?.mode ?? "auto",
    intervalMs: given.lab?.interval ?? 6 * SECOND_MS,
    samples: given.checks?.samples ?? 3,
    sampleIntervalMs: given.lab?.sample_interval ?? 300,
    sampleTimeoutMs: given.lab?.sample_timeout ?? SECOND_MS,
  };
}

/** Only the first mistake: its remedy often removes the next ones. */
function refusal(issues: readonly z.core.$ZodIssue[], raw: RawConfig): AppError {
  const issue = issues[0];
  const path = (issue?.path ?? []) as KeyPath;
  if (issue?.code === "unrecognized_keys") return unknownKey(issue.keys[0] ?? "", path, raw);
  const wanted = issue === undefined ? "expected something else" : expectation(issue);
  return new AppError(
    "config_bad_value",
    `${keyText(path)}: ${withValue(wanted, valueAt(raw.values, path))} (set in ${raw.originOf(path)})`,
  );
}

const KINDS: Readonly<Record<string, string>> = { string: "a text in quotes", object: "a table" };

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) {
    return issue.message;
  }
  return `expected ${KINDS[issue.expected] ?? `a ${issue.expected}`}`;
}

/** A list or a table is named by its kind, anything else is shown. */
function withValue(wanted: string, value: unknown): string {
  if (!wanted.startsWith("expected")) return wanted;
  return value === undefined ? `missing, ${wanted}` : `${wanted}, not ${kindOf(value)}`;
}

function valueAt(values: unknown, path: KeyPath): unknown {
  return path.reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], values);
}

function unknownKey(key: string, path: KeyPath, raw: RawConfig): AppError {
  const known = knownKeys(path);
  const nearest = closest(key, known);
  const remedy =
    nearest === undefined
      ? `known here are ${known.join(", ")}`
      : `did you mean "${keyText([...path, nearest])}"?`;
  return new AppError(
    "config_unknown_key",
    `unknown key "${keyText([...path, key])}" in ${raw.originOf([...path, key])}: ${remedy}`,
  );
}

/** The keys that the schema has at `path`. */
function knownKeys(path: KeyPath): readonly string[] {
  let schema: unknown = configSchema;
  for (const key of path) schema = stepInto(unwrapped(schema), key);
  const shape = (unwrapped(schema) as { shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

function stepInto(schema: unknown, key: string | number): unknown {
  if (typeof key === "number") return (schema as { element?: unknown } | undefined)?.element;
  return (schema as { shape?: Record<string, unknown> } | undefined)?.shape?.[key];
}

function unwrapped(schema: unknown): unknown {
  const inner = schema as { unwrap?: () => unknown; element?: unknown } | undefined;
  if (inner?.element !== undefined || inner?.unwrap === undefined) return schema;
  return unwrapped(inner.unwrap());
}

/** `agent.monitors[0].token_file` */
function keyText(path: KeyPath): string {
  return path
    .map((key, at) => (typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`))
    .join("");
}

/** What is there for another kind of TLS would be overlooked, and a kind without what it needs is nothing. */
function tlsConfig({ listen = {}, acme }: CheckedConfig): TlsConfig | undefined {
  const { tls, certificate_file: certificateFile, key_file: keyFile } = listen;
  const kind = tls ?? "off";
  if (kind !== "acme") refuseUnusedAcme(acme, kind);
  const hasFiles = certificateFile !== undefined || keyFile !== undefined;
  if (kind !== "files" && hasFiles) {
    throw new AppError(
      "config_bad_value",
      `listen.tls is "${kind}", and listen.certificate_file and listen.key_file are for "files": set listen.tls = "files", or leave them away`,
    );
  }
  if (kind === "off") return undefined;
  if (kind === "own") return { kind };
  if (kind === "acme") {
    const place = { listenHost: listen.host ?? "127.0.0.1", publicUrl: listen.public_url };
    return { kind, ...acmeConfig(acme, place) };
  }
  if (certificateFile !== undefined && keyFile !== undefined) {
    return { kind, certificateFile, keyFile };
  }
  throw new AppError(
    "config_bad_value",
    'listen.tls = "files" needs both listen.certificate_file and listen.key_file',
  );
}
