// The settings that concern agents, of all replicas, as they are now. They come with the answer to who calls.

import type { JsonValue } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import { monitorDefaultsKey } from "./monitor-config.ts";
import { MONITORS_SETTING } from "./probe-settings.ts";

/** By their keys; one that was never set is not there. */
export type Settings = ReadonlyMap<string, JsonValue>;

const KEYS = [MONITORS_SETTING, monitorDefaultsKey("v4"), monitorDefaultsKey("v6")];

/** A value of any statement: all of them as one text, for `parseSettings`. */
export const settingsText: RawBuilder<string> = sql<string>`(
  select coalesce(jsonb_object_agg(key, value), '{}')::text from system_settings where key = any(${KEYS}::text[])
)`;

/** They change by the month, and come with every call. */
export function createSettingsParser(): (text: string) => Settings {
  let known: { readonly text: string; readonly settings: Settings } | undefined;
  return (text) => {
    if (known?.text !== text) {
      const values = JSON.parse(text) as { readonly [key: string]: JsonValue };
      known = { text, settings: new Map(Object.entries(values)) };
    }
    return known.settings;
  };
}
