// An agent goes: its monitors are deleted in one transaction, and from then on neither key, token nor certificate finds
// it. Its history stays. Its certificates are revoked as well, so that other services refuse them, too.

import { type Database, inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ServerContext } from "../context.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { noteAgentEvent } from "./agent-events.ts";

export interface AgentToRemove {
  readonly name: string;
  /** Absent: it has bearer tokens alone. */
  readonly agent: { readonly id: bigint; readonly tlsName: string } | undefined;
  readonly monitorIds: readonly bigint[];
  /** For people. */
  readonly reason: string;
}

/** The world without what only calls need; the certificate authority is absent where there is no master key. */
export type RemovalContext = Pick<ServerContext, "database" | "policy" | "ca"> &
  Pick<ActingContext, "caller">;

export async function removeAgent(context: RemovalContext, removed: AgentToRemove): Promise<void> {
  await inTransaction(context.database, (transaction) =>
    deleteAgent(transaction, removed, context.caller),
  );
  if (removed.agent !== undefined) {
    await context.ca?.revokeAgentCertificates({ tlsName: removed.agent.tlsName });
  }
  await reassign(context, { monitorIds: removed.monitorIds });
}

async function deleteAgent(
  transaction: Transaction<Schema>,
  { name, agent, monitorIds, reason }: AgentToRemove,
  caller: ActingContext["caller"],
): Promise<void> {
  if (agent !== undefined) {
    const row = await transaction
      .updateTable("agents")
      .set({ removed_at: sql<Timestamptz>`now()` })
      .where("id", "=", agent.id)
      .where("removed_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    // Somebody else was first.
    if (row === undefined) return;
    await endWhatWaits(transaction, agent.id);
  }
  if (monitorIds.length > 0) {
    await transaction
      .updateTable("monitors")
      .set({
        status: "deleted",
        deleted_on: sql<Timestamptz>`now()`,
        is_current: false,
        online: false,
        token_hash: null,
      })
      .where("id", "in", [...monitorIds])
      .where("deleted_on", "is", null)
      .execute();
  }
  await noteAgentEvent(transaction, {
    kind: "agent_removed",
    ...(agent === undefined ? {} : { agentId: agent.id }),
    text: `agent ${name} was removed${reason === "" ? "" : `: ${reason}`}; its history stays`,
  });
  await recordAct(transaction, caller, {
    act: "agent_removed",
    object: `agent ${name}`,
    before: { monitors: monitorIds.map(String) },
  });
}

async function endWhatWaits(transaction: Transaction<Schema>, agentId: bigint): Promise<void> {
  await transaction
    .updateTable("registrations")
    .set({ status: "cancelled", reason: "the agent was removed", sealed_key: null })
    .where("agent_id", "=", agentId)
    .where("status", "=", "accepted")
    .execute();
  await transaction
    .updateTable("registrations")
    .set({
      status: "cancelled",
      reason: "the agent was removed",
      decided_at: sql<Timestamptz>`now()`,
    })
    .where("replaces_agent_id", "=", agentId)
    .where("status", "=", "pending")
    .execute();
  await transaction
    .updateTable("enrolment_tokens")
    .set({ sealed_key: null, certificate_pem: null })
    .where("agent_id", "=", agentId)
    .execute();
}

/** The monitors of an agent that are not deleted. */
export async function monitorIdsOf({ kysely }: Database, agentId: bigint): Promise<bigint[]> {
  const rows = await kysely
    .selectFrom("monitors")
    .select("id")
    .where("agent_id", "=", agentId)
    .where("deleted_on", "is", null)
    .execute();
  return rows.map(({ id }) => id);
}
