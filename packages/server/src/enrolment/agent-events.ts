// What happens to agents, told among the events. An event hangs on one monitor of the agent, so that the agent's page
// and the list both find it.

import type { Schema } from "@truechimer/database";
import type { Transaction } from "kysely";

export type AgentEventKind =
  | "registration_received"
  | "registration_approved"
  | "registration_rejected"
  | "agent_enrolled"
  | "agent_removed"
  | "agent_changed";

export interface AgentEvent {
  readonly kind: AgentEventKind;
  /** Absent: there is no agent yet. */
  readonly agentId?: bigint;
  /** The monitor that it hangs on, of an agent without a row of its own. */
  readonly monitorId?: bigint | undefined;
  /** One sentence for people. */
  readonly text: string;
  readonly reason?: string;
}

export async function noteAgentEvent(
  transaction: Transaction<Schema>,
  { kind, agentId, monitorId, text, reason = "" }: AgentEvent,
): Promise<void> {
  const monitor =
    agentId === undefined
      ? undefined
      : await transaction
          .selectFrom("monitors")
          .select("id")
          .where("agent_id", "=", agentId)
          .orderBy("id")
          .limit(1)
          .executeTakeFirst();
  await transaction
    .insertInto("events")
    .values({ kind, monitor_id: monitor?.id ?? monitorId ?? null, text, reason })
    .execute();
}
