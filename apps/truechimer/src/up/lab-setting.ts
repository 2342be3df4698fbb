// What the database remembers of the lab: whether it runs here, and the ports that its servers had.

import type { Database } from "@truechimer/database";
import type { LabState } from "./lab-decision.ts";

const SETTING = "lab";

export async function readLabState(database: Database): Promise<LabState> {
  const row = await database.kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", SETTING)
    .executeTakeFirst();
  return row?.value === "running" || row?.value === "retired" ? row.value : "new";
}

export async function writeLabState(database: Database, state: LabState): Promise<void> {
  const value = JSON.stringify(state);
  await database.kysely
    .insertInto("system_settings")
    .values({ key: SETTING, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}

/** Servers of a person's own: removed ones and the lab's not counted. */
export async function countOwnServers(database: Database): Promise<number> {
  const { count } = await database.kysely
    .selectFrom("servers")
    .select((expression) => expression.fn.countAll<bigint>().as("count"))
    .where("lab", "=", false)
    .where("state", "!=", "removed")
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The ports of the last run by server name. */
export async function readLabPorts(database: Database): Promise<Readonly<Record<string, number>>> {
  const rows = await database.kysely
    .selectFrom("servers")
    .select(["name", "port"])
    .where("lab", "=", true)
    .execute();
  return Object.fromEntries(rows.map(({ name, port }) => [name, port]));
}
