// The settings that concern agents, of all replicas, as they are now.

import type { Database, JsonValue } from "@truechimer/database";
import { sql } from "kysely";
import { monitorDefaultsKey } from "./monitor-config.ts";
import { MONITORS_SETTING } from "./probe-settings.ts";

export type Settings = ReadonlyMap<string, JsonValue>;

/** By their keys; one that was never set is not there. */
export async function readSettings({ kysely }: Pick<Database, "kysely">): Promise<Settings> {
  const keys = [MONITORS_SETTING, monitorDefaultsKey("v4"), monitorDefaultsKey("v6")];
  const { rows } = await sql<{ readonly key: string; readonly value: JsonValue }>`
    /* prepared: read_agent_settings */
    select key, value from system_settings where key = any(${keys}::text[])`.execute(kysely);
  return new Map(rows.map(({ key, value }) => [key, value]));
}
