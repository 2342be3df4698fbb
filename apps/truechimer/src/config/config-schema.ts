// Every key of a configuration, as it is written: names in snake_case, durations with a unit, secrets as paths of
// files. A new key has a usable default. docs/reference/configuration.md has a line for each.

import { parseIpAddress } from "@truechimer/base";
import { SAMPLE_TIMEOUT_MS_MAX, SAMPLE_TIMEOUT_MS_MIN } from "@truechimer/ntp";
import { AGENT_PROFILE, parseMonitorDomain } from "@truechimer/pki";
import * as z from "zod";
import { acmeSchema, type CheckedAcme } from "./acme-keys.ts";
import { durationKey } from "./duration-key.ts";
import { type CheckedLimits, limitsSchema } from "./limit-keys.ts";
import { type CheckedOidc, oidcSchema } from "./oidc-keys.ts";
import { parseServerTarget } from "./server-target.ts";
import { sizeKey } from "./size-key.ts";

/** How many servers a file may list; more belong into the database by `truechimer servers add`. */
const SERVERS_MAX = 1_000;
const PORT_MAX = 65_535;
const PORT_EXPECTED = `expected a port number from 0 to ${PORT_MAX}`;

const text = z.string().min(1, "expected a text that is not empty");
const port = z
  .number(PORT_EXPECTED)
  .int(PORT_EXPECTED)
  .min(0, PORT_EXPECTED)
  .max(PORT_MAX, PORT_EXPECTED);

/** Ten series each: half a million is what one Prometheus keeps with ease. */
const SERIES_SERVERS_MAX = 50_000;
const SERIES_EXPECTED = `expected a whole number from 1 to ${SERIES_SERVERS_MAX}`;

const COVERAGE_EXPECTED = "expected a share from 0 to 1";

/** What every agent keeps to, too. */
const sampleTimeout = durationKey({
  min: `${SAMPLE_TIMEOUT_MS_MIN}ms`,
  max: `${SAMPLE_TIMEOUT_MS_MAX / 1_000}s`,
});

const serverTarget = text.superRefine((value, context) => {
  const parsed = parseServerTarget(value);
  if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
});

const httpAddress = text.refine((value) => {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}, 'expected an address such as "https://pool.example.net"');

const originAddress = httpAddress.refine(
  originOnly,
  'expected an address such as "https://pool.example.net", without a path',
);

const httpsAddress = text.refine((value) => {
  return URL.canParse(value) && new URL(value).protocol === "https:" && originOnly(value);
}, 'expected an address such as "https://agents.example.net:8124", without a path');

/** As it stands in an address, also before the host. */
const s3Bucket = text.regex(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  "expected 3 to 63 lower-case letters, digits, dots and hyphens",
);

const s3Prefix = text.regex(
  /^[\w.-]+(\/[\w.-]+)*\/?$/,
  'expected names with letters, digits, dots, hyphens and "/" between them, such as "clocks/"',
);

/** Whether nothing stands behind the host and the port but a slash. */
function originOnly(value: string): boolean {
  // Asked of a text, too, that is no address, and has been refused for it.
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.href === `${url.origin}/`;
}

const monitorDomain = text.superRefine((value, context) => {
  const parsed = parseMonitorDomain(value);
  if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.error });
});

/** A load balancer has a handful. */
const PROXIES_MAX = 100;

const network = text.refine(isNetwork, 'expected an address or a network such as "10.0.0.0/8"');

function isNetwork(value: string): boolean {
  const [address = "", prefix, ...more] = value.split("/");
  const parsed = parseIpAddress(address);
  if (!parsed.ok || more.length > 0) return false;
  const bitsMax = parsed.value.family === "v4" ? 32 : 128;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax);
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** As the profile of an agent's certificate has it. */
const certificateLifetime = durationKey({
  min: `${AGENT_PROFILE.lifetimeMsMin / MINUTE_MS}m`,
  max: `${AGENT_PROFILE.lifetimeMsMax / DAY_MS}d`,
});

const brokerAddress = text.refine((value) => {
  return URL.canParse(value) && /^mqtts?:$/.test(new URL(value).protocol);
}, 'expected the address of a broker such as "mqtts://mqtt.example.net:8883"');

function count(min: number, max: number): z.ZodNumber {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z.number({ error: expected }).int(expected).min(min, expected).max(max, expected);
}

function choice<const Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  const expected = `expected one of ${words.map((word) => `"${word}"`).join(", ")}`;
  return z.enum(words, { error: expected });
}

const checks = z.strictObject({
  interval: durationKey({ min: "1s", max: "1d" }).optional(),
  samples: count(1, 10).optional(),
  sample_interval: durationKey({ min: "2s", max: "1m" }).optional(),
  sample_timeout: sampleTimeout.optional(),
});

const labChecks = z.strictObject({
  mode: choice(["auto", "on", "off"]).optional(),
  interval: durationKey({ min: "500ms", max: "10m" }).optional(),
  sample_interval: durationKey({ min: "50ms", max: "1m" }).optional(),
  sample_timeout: sampleTimeout.optional(),
});

const agentMonitor = z.strictObject({
  address: text,
  token_file: text,
  bind_address: text.optional(),
});

const schema = z.strictObject({
  data_dir: text.optional(),
  servers: z
    .array(serverTarget, { error: 'expected a list such as ["time.example.net", "192.0.2.1:123"]' })
    .max(SERVERS_MAX, `expected at most ${SERVERS_MAX} servers`)
    .optional(),
  listen: z
    .strictObject({
      host: text.optional(),
      port: port.optional(),
      allowed_hosts: z.array(text).optional(),
      public_url: originAddress.optional(),
      stop_notice: durationKey({ min: "0s", max: "4s" }).optional(),
      tls: choice(["off", "own", "files", "acme"]).optional(),
      certificate_file: text.optional(),
      key_file: text.optional(),
    })
    .optional(),
  acme: acmeSchema.optional(),
  agents: z
    .strictObject({
      host: text.optional(),
      port: port.optional(),
      public_url: httpsAddress.optional(),
      monitor_domain: monitorDomain.optional(),
      environment: choice(["prod", "test", "devel", "beta", "dev"]).optional(),
      certificate_lifetime: certificateLifetime.optional(),
      server_made_keys: z.boolean("expected true or false").optional(),
      ticketless_allowed: z.boolean("expected true or false").optional(),
      trusted_proxies: z
        .array(network, { error: 'expected a list such as ["10.0.0.0/8", "2001:db8::1"]' })
        .max(PROXIES_MAX, `expected at most ${PROXIES_MAX} proxies`)
        .optional(),
    })
    .optional(),
  mqtt: z
    .strictObject({
      url: brokerAddress.optional(),
      ca_file: text.optional(),
      advertised_host: text.optional(),
      advertised_port: port.optional(),
      username: text.optional(),
      password_file: text.optional(),
    })
    .optional(),
  secrets: z
    .strictObject({
      master_key_file: text.optional(),
      vault_url: originAddress.optional(),
      vault_path: text.optional(),
      vault_field: text.optional(),
      vault_token_file: text.optional(),
      vault_ca_file: text.optional(),
    })
    .optional(),
  database: z
    .strictObject({ url_file: text.optional(), pool_size: count(2, 200).optional() })
    .optional(),
  admin: z.strictObject({ key_file: text.optional() }).optional(),
  audit: z.strictObject({ head_file: text.optional() }).optional(),
  networks: z.strictObject({ file: text.optional() }).optional(),
  metrics: z
    .strictObject({
      per_server: z.boolean("expected true or false").optional(),
      servers_max: z
        .number(SERIES_EXPECTED)
        .int(SERIES_EXPECTED)
        .min(1, SERIES_EXPECTED)
        .max(SERIES_SERVERS_MAX, SERIES_EXPECTED)
        .optional(),
    })
    .optional(),
  scores: z.strictObject({ public: z.boolean().optional() }).optional(),
  targets: z
    .strictObject({ private_allowed: z.boolean("expected true or false").optional() })
    .optional(),
  paths: z.strictObject({ at_onset: z.boolean("expected true or false").optional() }).optional(),
  selection: z.strictObject({ policy: choice(["private", "pool"]).optional() }).optional(),
  checks: checks.optional(),
  verdict: z
    .strictObject({
      offset_limit: durationKey({ min: "1ms", max: "1h" }).optional(),
      witnesses_min: count(1, 100).optional(),
    })
    .optional(),
  history: z
    .strictObject({
      retention: durationKey({ min: "1d", max: "3650d" }).optional(),
      packet_retention: durationKey({ min: "1d", max: "3650d" }).optional(),
      hot_window: durationKey({ min: "0s", max: "3650d" }).optional(),
      memory: sizeKey({ min: "16MiB", max: "64GiB" }).optional(),
      coverage_min: z
        .number(COVERAGE_EXPECTED)
        .min(0, COVERAGE_EXPECTED)
        .max(1, COVERAGE_EXPECTED)
        .optional(),
      reconnect: durationKey({ min: "1s", max: "1h" }).optional(),
      checkpoint_dir: text.optional(),
      checkpoint_interval: durationKey({ min: "0s", max: "45m" }).optional(),
    })
    .optional(),
  archive: z
    .strictObject({
      clickhouse_url: originAddress.optional(),
      clickhouse_database: text.optional(),
      clickhouse_username: text.optional(),
      clickhouse_password_file: text.optional(),
      clickhouse_ca_file: text.optional(),
      parquet_directory: text.optional(),
      s3_endpoint: originAddress.optional(),
      s3_bucket: s3Bucket.optional(),
      s3_prefix: s3Prefix.optional(),
      s3_region: text.optional(),
      s3_access_key_id: text.optional(),
      s3_secret_key_file: text.optional(),
      s3_path_style: z.boolean("expected true or false").optional(),
      s3_ca_file: text.optional(),
    })
    .optional(),
  oidc: oidcSchema.optional(),
  lab: labChecks.optional(),
  agent: z
    .strictObject({
      server_url: httpAddress.optional(),
      monitors: z
        .array(agentMonitor)
        .max(2, "expected at most one monitor for each IP family")
        .optional(),
    })
    .optional(),
  roles: z
    .array(choice(["api", "scorer", "worker"]), {
      error: 'expected a list such as ["api", "scorer"]',
    })
    .min(1, "expected at least one role")
    .optional(),
  telemetry: z.strictObject({ otlp_endpoint: httpAddress.optional() }).optional(),
  limits: limitsSchema.optional(),
  log: z.strictObject({ level: choice(["debug", "info", "warn", "error"]).optional() }).optional(),
});

/** Validated, still in the shape of the file: names as written, durations in milliseconds. */
export interface CheckedConfig {
  readonly data_dir?: string | undefined;
  readonly servers?: readonly string[] | undefined;
  readonly listen?: Section<{
    readonly host: string;
    readonly port: number;
    readonly allowed_hosts: readonly string[];
    readonly public_url: string;
    readonly stop_notice: number;
    readonly tls: "off" | "own" | "files" | "acme";
    readonly certificate_file: string;
    readonly key_file: string;
  }>;
  readonly acme?: CheckedAcme | undefined;
  readonly agents?: Section<{
    readonly host: string;
    readonly port: number;
    readonly public_url: string;
    readonly monitor_domain: string;
    readonly environment: "prod" | "test" | "devel" | "beta" | "dev";
    readonly certificate_lifetime: number;
    readonly server_made_keys: boolean;
    readonly ticketless_allowed: boolean;
    readonly trusted_proxies: readonly string[];
  }>;
  readonly mqtt?: Section<{
    readonly url: string;
    readonly ca_file: string;
    readonly advertised_host: string;
    readonly advertised_port: number;
    readonly username: string;
    readonly password_file: string;
  }>;
  readonly secrets?: Section<{
    readonly master_key_file: string;
    readonly vault_url: string;
    readonly vault_path: string;
    readonly vault_field: string;
    readonly vault_token_file: string;
    readonly vault_ca_file: string;
  }>;
  readonly database?: Section<{ readonly url_file: string; readonly pool_size: number }>;
  readonly admin?: Section<{ readonly key_file: string }>;
  readonly audit?: Section<{ readonly head_file: string }>;
  readonly networks?: Section<{ readonly file: string }>;
  readonly metrics?: Section<{ readonly per_server: boolean; readonly servers_max: number }>;
  readonly scores?: Section<{ readonly public: boolean }>;
  readonly targets?: Section<{ readonly private_allowed: boolean }>;
  readonly paths?: Section<{ readonly at_onset: boolean }>;
  readonly selection?: Section<{ readonly policy: "private" | "pool" }>;
  readonly checks?: Section<CheckedTimes & { readonly samples: number }>;
  readonly verdict?: Section<{ readonly offset_limit: number; readonly witnesses_min: number }>;
  readonly history?: Section<{
    readonly retention: number;
    readonly packet_retention: number;
    readonly hot_window: number;
    readonly memory: number;
    readonly coverage_min: number;
    readonly reconnect: number;
    readonly checkpoint_dir: string;
    readonly checkpoint_interval: number;
  }>;
  readonly archive?: Section<{
    readonly clickhouse_url: string;
    readonly clickhouse_database: string;
    readonly clickhouse_username: string;
    readonly clickhouse_password_file: string;
    readonly clickhouse_ca_file: string;
    readonly parquet_directory: string;
    readonly s3_endpoint: string;
    readonly s3_bucket: string;
    readonly s3_prefix: string;
    readonly s3_region: string;
    readonly s3_access_key_id: string;
    readonly s3_secret_key_file: string;
    readonly s3_path_style: boolean;
    readonly s3_ca_file: string;
  }>;
  readonly oidc?: CheckedOidc | undefined;
  readonly lab?: Section<CheckedTimes & { readonly mode: "auto" | "on" | "off" }>;
  readonly agent?: Section<{
    readonly server_url: string;
    readonly monitors: readonly CheckedMonitor[];
  }>;
  readonly roles?: readonly ("api" | "scorer" | "worker")[] | undefined;
  readonly telemetry?: Section<{ readonly otlp_endpoint: string }>;
  readonly limits?: CheckedLimits | undefined;
  readonly log?: Section<{ readonly level: "debug" | "info" | "warn" | "error" }>;
}

/** A table, each key of which may be left out. */
type Section<Keys> = { readonly [Key in keyof Keys]?: Keys[Key] | undefined } | undefined;

interface CheckedTimes {
  readonly interval: number;
  readonly sample_interval: number;
  readonly sample_timeout: number;
}

interface CheckedMonitor {
  readonly address: string;
  readonly token_file: string;
  readonly bind_address?: string | undefined;
}

export const configSchema: z.ZodType<CheckedConfig> = schema;
