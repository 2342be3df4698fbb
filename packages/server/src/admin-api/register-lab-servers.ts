// The lab's servers keep their names; their ports may change from start to start, and their history goes with them.

import { inTransaction, type Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { type FleetChange, reassign } from "../selector/reassign.ts";
import {
  type NamedServer,
  type ServerToRegister,
  serversInput,
  tellServers,
} from "./register-servers.ts";

export interface RegisterLabOptions {
  /** Bring back those that were removed, too. Default false: what a person removed stays away. */
  readonly restoreRemoved?: boolean;
}

export async function registerLabServers(
  context: ServerContext,
  servers: readonly ServerToRegister[],
  options: RegisterLabOptions = {},
): Promise<void> {
  await inTransaction(context.database, async (transaction) => {
    await move(transaction, servers);
    if (options.restoreRemoved === true) await restore(transaction, servers);
    const added = await sql<NamedServer>`
      insert into servers (name, ip, port, ip_version, lab)
      select name, ip, port, ip_version, true from ${serversInput(servers)} order by name
      on conflict do nothing
      returning id, name, host(ip) as ip, port`.execute(transaction);
    await tellServers(transaction, "server_added", added.rows);
    await sql`
      update servers set state = 'removed', removed_on = now()
      where lab and state <> 'removed' and name <> all(${servers.map(({ name }) => name)}::text[])`.execute(
      transaction,
    );
  });
  await reassign(context, await labChange(context));
}

/** Takes the lab's servers and monitors out of watch; their history stays. */
export async function retireLab(context: ServerContext): Promise<void> {
  await inTransaction(context.database, async (transaction) => {
    await sql`update servers set state = 'removed', removed_on = now() where lab and state <> 'removed'`.execute(
      transaction,
    );
    await sql`update monitors set status = 'paused', online = false where lab and status <> 'paused'`.execute(
      transaction,
    );
  });
  await reassign(context, await labChange(context));
}

/** All of the lab's. */
async function labChange({ database }: ServerContext): Promise<FleetChange> {
  const servers = await database.kysely
    .selectFrom("servers")
    .select("id")
    .where("lab", "=", true)
    .execute();
  return { serverIds: servers.map(({ id }) => id) };
}

/** In two steps, because two servers may have changed places: first aside, to addresses that nothing has. */
async function move(
  transaction: Transaction<Schema>,
  servers: readonly ServerToRegister[],
): Promise<void> {
  await sql`
    update servers s set port = 1,
      ip = case s.ip_version when 'v4' then inet '0.0.0.0' + s.id else inet '::' + s.id end
    from ${serversInput(servers)}
    where s.lab and (s.name = t.name) <> (s.ip = t.ip and s.port = t.port)`.execute(transaction);
  await sql`
    update servers s set ip = t.ip, port = t.port, ip_version = t.ip_version
    from ${serversInput(servers)}
    where s.lab and s.name = t.name and (s.ip, s.port) <> (t.ip, t.port)
      and not exists (select 1 from servers o where o.ip = t.ip and o.port = t.port)`.execute(
    transaction,
  );
}

async function restore(
  transaction: Transaction<Schema>,
  servers: readonly ServerToRegister[],
): Promise<void> {
  await sql`
    update servers s set state = 'watched', removed_on = null
    from ${serversInput(servers)}
    where s.lab and s.name = t.name and s.state = 'removed'`.execute(transaction);
}
