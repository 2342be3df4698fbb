// The lab in the database: whether it runs here, its servers, and their going. Rows are found by name, so that a
// server's history goes on when a restart gives it another port.

import { type Database, inTransaction } from "@truechimer/database";
import type { LabServer } from "@truechimer/lab";
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

async function writeLabState(database: Database, state: LabState): Promise<void> {
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

/**
 * Puts the lab's servers under watch, each at the address that it has in this run. One that a person has paused or
 * removed stays so while the lab goes on; a lab that returns from retirement brings all of them back.
 */
export async function enrolLabServers(
  database: Database,
  servers: readonly LabServer[],
): Promise<void> {
  const goesOn = (await readLabState(database)) === "running";
  await inTransaction(database, async (transaction) => {
    const known = await transaction
      .selectFrom("servers")
      .select(["id", "name", "ip", "port"])
      .where("lab", "=", true)
      .execute();
    const byName = new Map(known.map((row) => [row.name, row]));
    const moved = servers.filter(({ name, address, port }) => {
      const row = byName.get(name);
      return row !== undefined && (row.ip !== address || row.port !== port);
    });
    // Two servers may have changed places, and no two rows may ever have one address: first all of them step aside.
    for (const server of moved) {
      const id = byName.get(server.name)?.id ?? 0n;
      const ip = asideAddress(server.family, id);
      await transaction.updateTable("servers").set({ ip }).where("id", "=", id).execute();
    }
    for (const { name, address, port, family } of servers) {
      const row = byName.get(name);
      const place = { ip: address, port };
      const watched = { state: "watched" as const, removed_on: null };
      if (row === undefined) {
        const { id } = await transaction
          .insertInto("servers")
          .values({ name, ...place, ip_version: family, lab: true })
          .returning("id")
          .executeTakeFirstOrThrow();
        const text = `${name} was added: the lab runs`;
        await transaction
          .insertInto("events")
          .values({ kind: "server_added", server_id: id, text })
          .execute();
      } else {
        const changes = goesOn ? place : { ...place, ...watched };
        await transaction.updateTable("servers").set(changes).where("id", "=", row.id).execute();
      }
    }
  });
  await writeLabState(database, "running");
}

/** Takes the lab's servers and monitors out of watch; their history stays. Nothing to do: nothing is done. */
export async function retireLab(database: Database): Promise<void> {
  await inTransaction(database, async (transaction) => {
    await transaction
      .updateTable("servers")
      .set((expression) => ({ state: "removed" as const, removed_on: expression.fn("now") }))
      .where("lab", "=", true)
      .where("state", "!=", "removed")
      .execute();
    await transaction
      .updateTable("monitors")
      .set((expression) => ({
        status: "deleted" as const,
        deleted_on: expression.fn("now"),
        token_hash: null,
      }))
      .where("lab", "=", true)
      .where("status", "!=", "deleted")
      .execute();
  });
  await writeLabState(database, "retired");
}

const IDS_ASIDE = 65_536n;

/** An address that no server has, another one for each row: of loopback, or a unique local one of nobody's. */
function asideAddress(family: "v4" | "v6", id: bigint): string {
  const place = Number(id % IDS_ASIDE);
  if (family === "v6") return `fd00::${place.toString(16)}`;
  return `127.254.${place >> 8}.${place & 0xff}`;
}
