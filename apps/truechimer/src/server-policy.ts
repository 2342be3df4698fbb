// The configuration as the control plane takes it.

import { LOCAL_POLICY, POOL_POLICY, type ServerPolicy } from "@truechimer/server";
import type { Config } from "./config/config.ts";

const NS_PER_MS = 1_000_000;

export function serverPolicy(config: Config): ServerPolicy {
  const base = config.role === "up" ? LOCAL_POLICY : POOL_POLICY;
  return {
    ...base,
    probe: { ...base.probe, ...probeTimes(config.checks, base.probe) },
    labProbe: { ...base.labProbe, ...probeTimes(config.lab, base.labProbe) },
    privateTargetsAllowed: config.targets.privateAllowed,
    tracesAtOnset: config.paths.atOnset,
    selection: (config.selection.policy === "pool" ? POOL_POLICY : LOCAL_POLICY).selection,
    offsetLimitNs: BigInt(Math.round(config.verdict.offsetLimitMs * NS_PER_MS)),
    witnessesMin: config.verdict.witnessesMin,
    retentionMs: config.history.retentionMs,
    evidenceRetentionMs: config.history.packetRetentionMs,
  };
}

/** Testing monitors and candidates stay as much slower than active ones as they are by default. */
function probeTimes(
  times: Config["checks"],
  base: ServerPolicy["probe"],
): Partial<ServerPolicy["probe"]> {
  const factor = times.intervalMs / base.checkIntervalMs;
  return {
    checkIntervalMs: times.intervalMs,
    testingIntervalMs: Math.round(base.testingIntervalMs * factor),
    slowIntervalMs: Math.round(base.slowIntervalMs * factor),
    serverIntervalMs: Math.min(base.serverIntervalMs, times.intervalMs),
    samples: times.samples,
    sampleIntervalMs: times.sampleIntervalMs,
    sampleTimeoutMs: times.sampleTimeoutMs,
  };
}
