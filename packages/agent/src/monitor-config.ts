// What the control plane tells a monitor about its work, checked and completed with defaults. Whoever controls the
// control plane must not be able to turn an agent into a flood, so every number has a limit.

import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { monitorV2 } from "@truechimer/api";
import { addressScope, type IpAddress, ipAddressFromBytes } from "@truechimer/base";
import {
  CHECK_SAMPLES_DEFAULT,
  SAMPLE_GAP_MS_DEFAULT,
  SAMPLE_TIMEOUT_MS_DEFAULT,
  SAMPLE_TIMEOUT_MS_MAX,
  SAMPLE_TIMEOUT_MS_MIN,
} from "@truechimer/ntp";
import type { BrokerSettings } from "./on-demand/mqtt-transport.ts";

export interface MonitorConfig {
  /** Samples a check, 1 to 10. */
  readonly samples: number;
  /** Shortest time between two samples to one server; for a public one see `sampleIntervalMsFor`. */
  readonly sampleIntervalMs: number;
  /** How long a sample waits for its answer. */
  readonly sampleTimeoutMs: number;
  /** How long to wait after an empty batch. Absent: back off. */
  readonly idlePollIntervalMs: number | undefined;
  /** Both the control plane and whoever runs the agent allow it. */
  readonly privateTargetsAllowed: boolean;
  /** Host names of the servers that judge the host's own clock. */
  readonly baseChecks: readonly string[];
  /** The monitor's own address. Absent: not said. */
  readonly address: IpAddress | undefined;
  /** What to bind to behind a NAT. Absent: none. */
  readonly natAddress: IpAddress | undefined;
  /** The broker for requests on demand. Absent: the message names none. */
  readonly broker: BrokerSettings | undefined;
  /** Down to what the agent's log is copied to a collector of OpenTelemetry. Absent: as before. */
  readonly otlpLogLevel: OtlpLogLevel | undefined;
  /** The peer has set a field that only ours have: it is no control plane of the NTP Pool. */
  readonly peerIsTruechimer: boolean;
}

/** The words of the NTP Pool's control plane. */
export type OtlpLogLevel = "debug" | "info" | "warn" | "error";

const OTLP_LOG_LEVELS: readonly OtlpLogLevel[] = ["debug", "info", "warn", "error"];

/** Undefined: empty, or none of the words. */
export function parseOtlpLogLevel(text: string): OtlpLogLevel | undefined {
  return OTLP_LOG_LEVELS.find((level) => level === text.toLowerCase());
}

const SAMPLES_MAX = 10;
/** Below 2 s only for targets of whoever runs the agent, as in the lab. */
const SAMPLE_INTERVAL_MS_MIN = 50;
const SAMPLE_INTERVAL_MS_MAX = 60_000;
const IDLE_POLL_MS_MIN = 100;
const IDLE_POLL_MS_MAX = 600_000;
const BASE_CHECKS_MAX = 20;
const HOST_NAME_BYTES_MAX = 253;
const PORT_MAX = 65_535;

/** Values out of range are brought to the nearest limit; addresses and names that are none are left out. */
export function monitorConfigFrom(
  message: monitorV2.GetConfigResponse,
  { allowPrivateTargets }: { readonly allowPrivateTargets: boolean },
): MonitorConfig {
  const privateTargetsAllowed = allowPrivateTargets && (message.privateTargetsAllowed ?? false);
  return {
    samples: message.samples <= 0 ? CHECK_SAMPLES_DEFAULT : Math.min(message.samples, SAMPLES_MAX),
    sampleIntervalMs: intervalMs(message.sampleInterval, privateTargetsAllowed),
    sampleTimeoutMs: clampedMs(message.sampleTimeout, {
      absentMs: SAMPLE_TIMEOUT_MS_DEFAULT,
      minMs: SAMPLE_TIMEOUT_MS_MIN,
      maxMs: SAMPLE_TIMEOUT_MS_MAX,
    }),
    idlePollIntervalMs:
      message.idlePollInterval === undefined
        ? undefined
        : clampedMs(message.idlePollInterval, {
            absentMs: IDLE_POLL_MS_MAX,
            minMs: IDLE_POLL_MS_MIN,
            maxMs: IDLE_POLL_MS_MAX,
          }),
    privateTargetsAllowed,
    baseChecks: baseCheckNames(message.baseChecks),
    address: addressOrAbsent(message.ipBytes),
    natAddress: addressOrAbsent(message.ipNatBytes),
    broker: brokerSettings(message.mqttConfig),
    otlpLogLevel: parseOtlpLogLevel(message.otlpLogLevel),
    peerIsTruechimer: peerIsTruechimer(message),
  };
}

/** Public servers are never asked more often than every 2 s, whatever the control plane says. */
export function sampleIntervalMsFor(
  address: IpAddress,
  { sampleIntervalMs }: Pick<MonitorConfig, "sampleIntervalMs">,
): number {
  if (addressScope(address) !== "public") return sampleIntervalMs;
  return Math.max(sampleIntervalMs, SAMPLE_GAP_MS_DEFAULT);
}

function intervalMs(duration: Duration | undefined, privateTargetsAllowed: boolean): number {
  return clampedMs(duration, {
    absentMs: SAMPLE_GAP_MS_DEFAULT,
    minMs: privateTargetsAllowed ? SAMPLE_INTERVAL_MS_MIN : SAMPLE_GAP_MS_DEFAULT,
    maxMs: SAMPLE_INTERVAL_MS_MAX,
  });
}

interface DurationLimits {
  readonly absentMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

function clampedMs(duration: Duration | undefined, limits: DurationLimits): number {
  const wantedMs = duration === undefined ? limits.absentMs : durationMs(duration);
  return Math.min(Math.max(wantedMs, limits.minMs), limits.maxMs);
}

function baseCheckNames(names: readonly Uint8Array[]): readonly string[] {
  return names
    .slice(0, BASE_CHECKS_MAX)
    .filter((name) => name.length > 0 && name.length <= HOST_NAME_BYTES_MAX)
    .map((name) => new TextDecoder().decode(name));
}

/** Empty means absent; the NTP Pool's agent reads it as "::" and binds to the wildcard. */
function addressOrAbsent(bytes: Uint8Array): IpAddress | undefined {
  const address = ipAddressFromBytes(bytes);
  return address.ok ? address.value : undefined;
}

/** Undefined: none is named, or not so that one could connect to it. */
export function brokerSettings(
  message: monitorV2.MQTTConfig | undefined,
): BrokerSettings | undefined {
  if (message === undefined) return undefined;
  const { host, port, jwt } = message;
  if (host.length === 0 || host.length > HOST_NAME_BYTES_MAX || port < 1 || port > PORT_MAX) return;
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { host: text(host), port, token: text(jwt) };
}

function peerIsTruechimer(message: monitorV2.GetConfigResponse): boolean {
  return (
    message.sampleInterval !== undefined ||
    message.sampleTimeout !== undefined ||
    message.privateTargetsAllowed !== undefined ||
    message.idlePollInterval !== undefined
  );
}
