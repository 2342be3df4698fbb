// An agent has called with its key for the first time: it has the key, so nobody is told it again, and whoever waited
// for it is through.

import { type Database, inTransaction, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { noteAgentEvent } from "./agent-events.ts";

export async function noteKeyUsed(database: Database, agentId: bigint): Promise<void> {
  await inTransaction(database, async (transaction) => {
    const agent = await transaction
      .updateTable("agents")
      .set({ key_used_at: sql<Timestamptz>`now()` })
      .where("id", "=", agentId)
      .where("key_used_at", "is", null)
      .returning(["name", "tls_name"])
      .executeTakeFirst();
    // Another call was first.
    if (agent === undefined) return;
    await transaction
      .updateTable("enrolment_tokens")
      .set({ sealed_key: null, certificate_pem: null })
      .where("agent_id", "=", agentId)
      .execute();
    const completed = await transaction
      .updateTable("registrations")
      .set({ status: "completed", sealed_key: null })
      .where("agent_id", "=", agentId)
      .where("status", "=", "accepted")
      .executeTakeFirst();
    if (completed.numUpdatedRows === 0n) return;
    await noteAgentEvent(transaction, {
      kind: "agent_enrolled",
      agentId,
      text: `agent ${agent.name} has come in by its registration as ${agent.tls_name}`,
    });
  });
}
