// Makes a monitor, or gives an existing one a new token. The token is told once; the database keeps its hash.

import { AppError, createUlid, type IpAddress } from "@truechimer/base";
import { inTransaction, type MonitorStatusName, type Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { createToken, tokenHash } from "../http/token.ts";
import { monitorOfAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";

export interface MonitorToCreate {
  readonly name: string;
  readonly address: IpAddress;
  /** In a person's words. Empty: unknown. Absent: a monitor that is there keeps what it has. */
  readonly location?: string;
  /** The same for a new monitor alone, where `location` is absent. */
  readonly firstLocation?: string;
  /** A virtual vantage point of the lab. Default false. */
  readonly lab?: boolean;
  /** Default `active`. */
  readonly status?: Extract<MonitorStatusName, "pending" | "testing" | "active">;
  /** Several monitors of one agent share a token. Absent: a new one. */
  readonly token?: string;
  /**
   * Whether the monitor at this address, if it has another name, is the one that is meant and takes the new name: so it
   * is with a host that knows its own addresses and was renamed. False: it is a conflict. Default true.
   */
  readonly renames?: boolean;
}

export interface CreatedMonitor {
  readonly monitorId: bigint;
  /** Begins with `tcm_`. */
  readonly token: string;
}

const NAME_CHARACTERS_MAX = 200;

/** One monitor for each name and family; place, address and token may change. */
export async function createMonitor(
  context: ActingContext,
  monitor: MonitorToCreate,
): Promise<CreatedMonitor> {
  if (monitor.name === "" || monitor.name.length > NAME_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `a monitor needs a name of 1 to ${NAME_CHARACTERS_MAX} characters`,
    );
  }
  const token = monitor.token ?? createToken("tcm_", context.random);
  const monitorId = await inTransaction(context.database, async (transaction) => {
    const existing = await findMonitor(transaction, monitor);
    if (existing !== undefined) await requireOwn(transaction, existing, context.caller);
    const id =
      existing === undefined
        ? await insertMonitor(context, transaction, { monitor, token })
        : await updateMonitor(transaction, { id: existing, monitor, token });
    await recordAct(transaction, context.caller, {
      act: existing === undefined ? "monitor_created" : "monitor_token_replaced",
      object: `monitor ${id}`,
      after: { name: monitor.name, address: monitor.address.text },
    });
    return id;
  });
  await reassign(context, { monitorIds: [monitorId] });
  return { monitorId, token };
}

/** A name or an address that another account has is taken: its monitor must not be taken over. */
async function requireOwn(
  transaction: Transaction<Schema>,
  id: bigint,
  caller: ActingContext["caller"],
): Promise<void> {
  const own = await transaction
    .selectFrom("monitors as m")
    .leftJoin("agents as a", "a.id", "m.agent_id")
    .select("m.id")
    .where("m.id", "=", id)
    .where(monitorOfAccount(caller?.accountId))
    .executeTakeFirst();
  if (own === undefined)
    throw new AppError("conflict", "the name or the address is taken: use others");
}

async function findMonitor(
  transaction: Transaction<Schema>,
  { name, address, lab = false, renames = true }: MonitorToCreate,
): Promise<bigint | undefined> {
  const rows = await transaction
    .selectFrom("monitors")
    .select(["id", "hostname", "ip"])
    .where("type", "=", "monitor")
    .where("is_current", "=", true)
    .where("deleted_on", "is", null)
    .where("lab", "=", lab)
    // What enrolled with a certificate is nobody else's to take over.
    .where("agent_id", "is", null)
    .where("ip_version", "=", address.family)
    .where((is) => is.or([is("hostname", "=", name), is("ip", "=", address.text)]))
    .orderBy("id")
    .forUpdate()
    .execute();
  const named = rows.find(({ hostname }) => hostname === name);
  const other = rows.find(({ hostname, ip }) => hostname !== name && ip === address.text);
  if (other !== undefined && !renames) {
    throw new AppError(
      "conflict",
      `${address.text} is the address of the monitor "${other.hostname}": use that name, or another address`,
    );
  }
  return (named ?? other)?.id;
}

interface MonitorWrite {
  readonly monitor: MonitorToCreate;
  readonly token: string;
}

async function insertMonitor(
  context: ActingContext,
  transaction: Transaction<Schema>,
  { monitor, token }: MonitorWrite,
): Promise<bigint> {
  const { name, address, firstLocation = "", lab = false, status = "active" } = monitor;
  const { location = firstLocation } = monitor;
  const row = await transaction
    .insertInto("monitors")
    .values({
      id_token: createUlid(context.clock, context.random),
      hostname: name,
      location,
      ip: address.text,
      ip_version: address.family,
      token_hash: tokenHash(token),
      status,
      lab,
      account_id: context.caller?.accountId ?? null,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await transaction
    .insertInto("events")
    .values({
      kind: "monitor_added",
      monitor_id: row.id,
      text: `monitor ${name} (${address.text}) was added`,
    })
    .execute();
  return row.id;
}

async function updateMonitor(
  transaction: Transaction<Schema>,
  { id, monitor, token }: MonitorWrite & { readonly id: bigint },
): Promise<bigint> {
  const { name, address, location, status = "active" } = monitor;
  await transaction
    .updateTable("monitors")
    .set({
      hostname: name,
      ip: address.text,
      token_hash: tokenHash(token),
      status,
      ...(location === undefined ? {} : { location }),
    })
    .where("id", "=", id)
    .execute();
  return id;
}
