// What an agent is configured with: the policy, then the operator's defaults for the family, then the monitor's own
// settings, each a JSON merge patch over the one before.

import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { AppError, type IpFamily, parseDurationMs, parseIpAddress } from "@truechimer/base";
import type { JsonValue } from "@truechimer/database";
import type { ProbePolicy, ServerPolicy } from "../policy.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import { mergePatch } from "./merge-patch.ts";

const BASE_CHECKS_MAX = 50;
const LOG_LEVELS: readonly string[] = ["debug", "info", "warn", "error"];

/** Key in `system_settings`; the NTP Pool's name of the pseudo-monitor that held the same. */
export function monitorDefaultsKey(family: IpFamily): string {
  return `settings-${family}.system`;
}

export interface MonitorConfigSources {
  readonly policy: ServerPolicy;
  readonly probe: ProbePolicy;
}

export function monitorConfig(
  sources: MonitorConfigSources,
  monitor: CallingMonitor,
): monitorV2.GetConfigResponse {
  const defaults = monitor.settings.get(monitorDefaultsKey(monitor.family));
  const own = [defaults ?? {}, monitor.config];
  return configMessage(own.reduce(mergePatch, policyAsJson(sources, monitor.lab)), monitor);
}

function policyAsJson({ policy, probe }: MonitorConfigSources, lab: boolean): JsonValue {
  return {
    samples: probe.samples,
    base_checks: [],
    otlp_log_level: "",
    sample_interval: `${probe.sampleIntervalMs}ms`,
    sample_timeout: `${probe.sampleTimeoutMs}ms`,
    private_targets_allowed: lab || policy.privateTargetsAllowed,
    ...(probe.idlePollIntervalMs === undefined
      ? {}
      : { idle_poll_interval: `${probe.idlePollIntervalMs}ms` }),
  };
}

function configMessage(merged: JsonValue, monitor: CallingMonitor): monitorV2.GetConfigResponse {
  const read = settingReader(merged, monitor.name);
  const own = parseIpAddress(monitor.address);
  if (!own.ok) throw new AppError("internal", `monitor ${monitor.name} has no usable address`);
  const natIp = read.text("nat_ip");
  const nat = natIp === "" ? undefined : parseIpAddress(natIp);
  if (nat?.ok === false) throw read.unusable("nat_ip", nat.error);
  const logLevel = read.text("otlp_log_level");
  const idlePoll = read.duration("idle_poll_interval");
  return create(monitorV2.GetConfigResponseSchema, {
    samples: read.samples(),
    ipBytes: own.value.bytes,
    ipNatBytes: nat?.ok === true ? nat.value.bytes : new Uint8Array(),
    baseChecks: read.names("base_checks").map((name) => new TextEncoder().encode(name)),
    otlpLogLevel: LOG_LEVELS.includes(logLevel) ? logLevel : "",
    ...optional("sampleInterval", read.duration("sample_interval")),
    ...optional("sampleTimeout", read.duration("sample_timeout")),
    ...optional("idlePollInterval", idlePoll),
    privateTargetsAllowed: read.flag("private_targets_allowed"),
  });
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

interface SettingReader {
  samples(): number;
  text(key: string): string;
  flag(key: string): boolean;
  names(key: string): readonly string[];
  duration(key: string): Duration | undefined;
  unusable(key: string, problem: string): AppError;
}

function settingReader(merged: JsonValue, monitorName: string): SettingReader {
  const settings = (
    typeof merged === "object" && merged !== null && !Array.isArray(merged) ? merged : {}
  ) as { readonly [key: string]: JsonValue };
  const unusable = (key: string, problem: string): AppError =>
    new AppError(
      "internal",
      `could not get config: "${key}" of monitor ${monitorName}: ${problem}`,
    );
  return {
    unusable,
    samples: () => {
      const value = settings["samples"];
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 16)
        return value;
      throw unusable("samples", "expected a whole number from 0 to 16");
    },
    text: (key) => (typeof settings[key] === "string" ? settings[key] : ""),
    flag: (key) => settings[key] === true,
    names: (key) => {
      const value = settings[key];
      if (!Array.isArray(value)) return [];
      return value.filter((name) => typeof name === "string").slice(0, BASE_CHECKS_MAX);
    },
    duration: (key) => {
      const value = settings[key];
      if (typeof value !== "string") return undefined;
      const parsed = parseDurationMs(value);
      if (!parsed.ok) throw unusable(key, parsed.error);
      return durationFromMs(parsed.value);
    },
  };
}

function durationFromMs(ms: number): Duration {
  const whole = Math.floor(ms / 1_000);
  return create(DurationSchema, {
    seconds: BigInt(whole),
    nanos: Math.round((ms - whole * 1_000) * 1_000_000),
  });
}
