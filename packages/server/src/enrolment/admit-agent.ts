// The one place where an agent comes into being: its row, and a monitor for each IP family, all with one name and one
// key. The key is told by whoever called this; here only its hash stays.

import { AppError, assert, createUlid, type IpAddress } from "@truechimer/base";
import type { FirstStatusName, Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { createToken, tokenHash } from "../http/token.ts";

export interface AgentFacts {
  readonly name: string;
  readonly accountId: bigint | null;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  /** Who let it in, for people. */
  readonly admittedBy: string;
}

export interface AgentToAdmit {
  readonly tlsName: string;
  readonly facts: AgentFacts;
  /** One for each family. */
  readonly addresses: readonly IpAddress[];
  readonly status: FirstStatusName;
}

export interface AdmittedAgent {
  readonly agentId: bigint;
  /** ULID by which it is known outside. */
  readonly idToken: string;
  /** Begins with `tcm_`. */
  readonly apiKey: string;
}

export async function admitAgent(
  context: Pick<ServerContext, "clock" | "random">,
  transaction: Transaction<Schema>,
  agent: AgentToAdmit,
): Promise<AdmittedAgent> {
  const { facts, tlsName } = agent;
  const idToken = createUlid(context.clock, context.random);
  const { id: agentId } = await transaction
    .insertInto("agents")
    .values({
      id_token: idToken,
      account_id: facts.accountId,
      name: facts.name,
      tls_name: tlsName,
      country: facts.country,
      network: facts.network,
      location: facts.location,
      admitted_by: facts.admittedBy,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  const apiKey = createToken("tcm_", context.random);
  await addMonitors(context, transaction, { ...agent, agentId, apiKey });
  return { agentId, idToken, apiKey };
}

/**
 * A new key for an agent that is there, and the addresses that it has now: a family that it has changes its address, one
 * that it has not is added. Its former key is void. What is empty among the facts stays as people have written it.
 */
export async function readmitAgent(
  context: Pick<ServerContext, "clock" | "random">,
  transaction: Transaction<Schema>,
  { agentId, ...agent }: AgentToAdmit & { readonly agentId: bigint },
): Promise<AdmittedAgent> {
  const { name, country, network, location } = agent.facts;
  const row = await transaction
    .updateTable("agents")
    .set({ ...given({ name, country, network, location }), key_used_at: null })
    .where("id", "=", agentId)
    .where("removed_at", "is", null)
    .returning(["id_token", "name", "location"])
    .executeTakeFirst();
  if (row === undefined) {
    throw new AppError("conflict", "the agent that asked was removed: it must register anew");
  }
  const apiKey = createToken("tcm_", context.random);
  const present = await transaction
    .updateTable("monitors")
    .set({ token_hash: tokenHash(apiKey), hostname: row.name, location: row.location })
    .where("agent_id", "=", agentId)
    .where("deleted_on", "is", null)
    .returning(["id", "ip_version"])
    .execute();
  const families = new Map(present.map(({ id, ip_version: family }) => [family, id]));
  for (const address of agent.addresses) {
    const id = families.get(address.family);
    if (id === undefined) continue;
    await transaction
      .updateTable("monitors")
      .set({ ip: address.text })
      .where("id", "=", id)
      .execute();
  }
  const added = agent.addresses.filter(({ family }) => !families.has(family));
  const facts = { ...agent.facts, name: row.name, location: row.location };
  await addMonitors(context, transaction, { ...agent, facts, addresses: added, agentId, apiKey });
  return { agentId, idToken: row.id_token, apiKey };
}

function given(words: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(words).filter(([, text]) => text !== ""));
}

async function addMonitors(
  context: Pick<ServerContext, "clock" | "random">,
  transaction: Transaction<Schema>,
  agent: AgentToAdmit & { readonly agentId: bigint; readonly apiKey: string },
): Promise<void> {
  const { addresses, facts } = agent;
  if (addresses.length === 0) return;
  assert(new Set(addresses.map(({ family }) => family)).size === addresses.length, "one a family");
  const rows = await transaction
    .insertInto("monitors")
    .values(
      addresses.map((address) => ({
        id_token: createUlid(context.clock, context.random),
        account_id: facts.accountId,
        agent_id: agent.agentId,
        hostname: facts.name,
        location: facts.location,
        ip: address.text,
        ip_version: address.family,
        tls_name: agent.tlsName,
        token_hash: tokenHash(agent.apiKey),
        status: agent.status,
      })),
    )
    .returning(["id", "ip"])
    .execute();
  await transaction
    .insertInto("events")
    .values(
      rows.map(({ id, ip }) => ({
        kind: "monitor_added",
        monitor_id: id,
        text: `monitor ${facts.name} (${ip}) was added`,
      })),
    )
    .execute();
}
