// Puts servers under watch: rows, events, and monitors for them, so that a new server is due at once.

import type { IpAddress } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { objectsOf, recordAct } from "../audit/record-act.ts";
import { ofAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { serverLabel } from "./address-name.ts";

export interface ServerToRegister {
  /** With the port where it is not 123. */
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
}

export interface RegisteredServers {
  /** New ones, and removed ones that are watched again. */
  readonly addedIds: readonly bigint[];
  readonly existingIds: readonly bigint[];
  /** Watched for another account: not for this caller to see. */
  readonly foreign: readonly ServerToRegister[];
}

/** One that is there already stays as it is, but for a removed one, which comes back. */
export async function registerServers(
  context: ActingContext,
  servers: readonly ServerToRegister[],
): Promise<RegisteredServers> {
  const distinct = [
    ...new Map(servers.map((each) => [`${each.address.text} ${each.port}`, each])).values(),
  ];
  if (distinct.length === 0) return { addedIds: [], existingIds: [], foreign: [] };
  const accountId = context.caller?.accountId;
  const registered = await inTransaction(context.database, async (transaction) => {
    const inserted = await insertMissing(transaction, distinct, accountId);
    const restored = await restoreRemoved(transaction, distinct, accountId);
    await tellServers(transaction, "server_added", inserted);
    await tellServers(transaction, "server_restored", restored);
    const all = await ownServers(transaction, distinct, accountId);
    const added = new Set([...inserted, ...restored].map(({ id }) => id));
    const ids = all.map(({ id }) => id);
    if (added.size > 0) {
      await recordAct(transaction, context.caller, {
        act: "servers_added",
        object: objectsOf("server", [...added]),
        after: Object.fromEntries(
          all.flatMap(({ id, name, ip, port }) =>
            added.has(id) ? [[String(id), serverLabel({ name, ip, port })]] : [],
          ),
        ),
      });
    }
    const own = new Set(all.map(({ ip, port }) => `${ip} ${port}`));
    return {
      addedIds: ids.filter((id) => added.has(id)),
      existingIds: ids.filter((id) => !added.has(id)),
      foreign: distinct.filter(({ address, port }) => !own.has(`${address.text} ${port}`)),
    };
  });
  if (registered.addedIds.length > 0) await reassign(context, { serverIds: registered.addedIds });
  return registered;
}

export interface NamedServer {
  readonly id: bigint;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
}

export function serversInput(servers: readonly ServerToRegister[]): ReturnType<typeof sql> {
  return sql`unnest(
    ${servers.map(({ name }) => name)}::text[],
    ${servers.map(({ address }) => address.text)}::inet[],
    ${servers.map(({ port }) => port)}::int[],
    ${servers.map(({ address }) => address.family)}::text[]
  ) as t (name, ip, port, ip_version)`;
}

async function insertMissing(
  transaction: Transaction<Schema>,
  servers: readonly ServerToRegister[],
  accountId: bigint | undefined,
): Promise<readonly NamedServer[]> {
  const result = await sql<NamedServer>`
    insert into servers (name, ip, port, ip_version, account_id)
    select name, ip, port, ip_version, ${accountId ?? null}::bigint from ${serversInput(servers)} order by ip, port
    on conflict (ip, port) do nothing
    returning id, name, host(ip) as ip, port`.execute(transaction);
  return result.rows;
}

async function restoreRemoved(
  transaction: Transaction<Schema>,
  servers: readonly ServerToRegister[],
  accountId: bigint | undefined,
): Promise<readonly NamedServer[]> {
  const result = await sql<NamedServer>`
    update servers s set state = 'watched', removed_on = null, name = t.name
    from ${serversInput(servers)}
    where s.ip = t.ip and s.port = t.port and s.state = 'removed' and not s.lab
      and ${ofAccount("s.account_id", accountId)}
    returning s.id, s.name, host(s.ip) as ip, s.port`.execute(transaction);
  return result.rows;
}

export async function tellServers(
  transaction: Transaction<Schema>,
  kind: "server_added" | "server_restored",
  servers: readonly NamedServer[],
): Promise<void> {
  if (servers.length === 0) return;
  const verb = kind === "server_added" ? "was added" : "is watched again";
  await transaction
    .insertInto("events")
    .values(
      servers.map(({ id, name, ip, port }) => ({
        kind,
        server_id: id,
        text: `${serverLabel({ name, ip, port })} ${verb}`,
      })),
    )
    .execute();
}

/** Those of them that the account sees, by their id. */
async function ownServers(
  transaction: Transaction<Schema>,
  servers: readonly ServerToRegister[],
  accountId: bigint | undefined,
): Promise<readonly NamedServer[]> {
  const result = await sql<NamedServer>`
    select s.id, s.name, host(s.ip) as ip, s.port
    from servers s join ${serversInput(servers)} on s.ip = t.ip and s.port = t.port
    where ${ofAccount("s.account_id", accountId)}
    order by s.id`.execute(transaction);
  return result.rows;
}
