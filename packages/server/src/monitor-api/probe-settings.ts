// The intervals in force: the policy, then the database's setting `monitors`, which all replicas share and which may be
// changed while they run. Values below a floor are mistakes and are replaced, as the NTP Pool does.

import { parseDurationMs } from "@truechimer/base";
import type { Database, JsonValue } from "@truechimer/database";
import type { ProbePolicy, ServerPolicy } from "../policy.ts";
import type { Settings } from "./read-settings.ts";

/** Name of the setting: {"interval_active":"9m","interval_testing":"45m","interval_all":"60s","batch_size":10}. */
export const MONITORS_SETTING = "monitors";

const FLOOR_ACTIVE_MS = 20_000;
const FLOOR_TESTING_MS = 60_000;
const FLOOR_ALL_MS = 10_000;
const BATCH_SIZE_MAX = 500;

/** For servers of one class: the lab's, or real ones. */
export async function probePolicyFor(
  database: Pick<Database, "kysely">,
  policy: ServerPolicy,
  lab: boolean,
): Promise<ProbePolicy> {
  if (lab) return policy.labProbe;
  const row = await database.kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", MONITORS_SETTING)
    .executeTakeFirst();
  return row === undefined ? policy.probe : withMonitorsSetting(policy.probe, row.value);
}

/** The same, of settings that were read before. */
export function probePolicyFrom(
  settings: Settings,
  policy: ServerPolicy,
  lab: boolean,
): ProbePolicy {
  if (lab) return policy.labProbe;
  const setting = settings.get(MONITORS_SETTING);
  return setting === undefined ? policy.probe : withMonitorsSetting(policy.probe, setting);
}

/** Unreadable parts of the setting leave the policy's value. */
export function withMonitorsSetting(policy: ProbePolicy, setting: JsonValue): ProbePolicy {
  if (typeof setting !== "object" || setting === null || Array.isArray(setting)) return policy;
  const value = setting as { readonly [key: string]: JsonValue };
  const interval = (key: string, floorMs: number, otherwiseMs: number): number => {
    const text = value[key];
    const parsed = typeof text === "string" ? parseDurationMs(text) : undefined;
    return parsed?.ok === true && parsed.value >= floorMs ? parsed.value : otherwiseMs;
  };
  const batchSize = value["batch_size"];
  return {
    ...policy,
    checkIntervalMs: interval("interval_active", FLOOR_ACTIVE_MS, policy.checkIntervalMs),
    testingIntervalMs: interval("interval_testing", FLOOR_TESTING_MS, policy.testingIntervalMs),
    serverIntervalMs: interval("interval_all", FLOOR_ALL_MS, policy.serverIntervalMs),
    batchSize:
      typeof batchSize === "number" && Number.isInteger(batchSize) && batchSize > 0
        ? Math.min(batchSize, BATCH_SIZE_MAX)
        : policy.batchSize,
  };
}
