// What people know of an agent changes after it was let in: its name, and where it stands. Reviews of what it watches
// are due at once, since who watches whom depends on the country and the network.

import { AppError } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import type { Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { noteAgentEvent } from "./agent-events.ts";

/** Absent stays as it is; empty: unknown. */
export interface AgentWords {
  readonly name?: string;
  readonly country?: string;
  readonly network?: string;
  readonly location?: string;
}

interface ChangedAgent {
  /** Absent: it has bearer tokens alone. */
  readonly agentId: bigint | undefined;
  readonly monitorIds: readonly bigint[];
}

const WORDS = ["name", "country", "network", "location"] as const;

/** Writing what is there already is no error, and no event. */
export async function changeAgent(
  context: ActingContext,
  agent: ChangedAgent,
  words: AgentWords,
): Promise<void> {
  const changed = await inTransaction(context.database, (transaction) =>
    writeWords(transaction, { agent, words, caller: context.caller }),
  );
  if (changed) await reassign(context, { monitorIds: agent.monitorIds });
}

interface WordsWrite {
  readonly agent: ChangedAgent;
  readonly words: AgentWords;
  readonly caller: ActingContext["caller"];
}

async function writeWords(
  transaction: Transaction<Schema>,
  { agent, words, caller }: WordsWrite,
): Promise<boolean> {
  const before = await lockedWords(transaction, agent);
  const changes = WORDS.flatMap((field) => {
    const after = words[field];
    if (after === undefined || after === before[field]) return [];
    return [`its ${field} was ${told(before[field])} and is ${told(after)}`];
  });
  if (changes.length === 0) return false;
  const { agentId, monitorIds } = agent;
  const after = { ...before, ...words };
  if (agentId === undefined) await writeMonitors(transaction, monitorIds, after);
  else await writeAgent(transaction, agentId, after);
  await noteAgentEvent(transaction, {
    kind: "agent_changed",
    ...(agentId === undefined ? { monitorId: monitorIds[0] } : { agentId }),
    text: `agent ${before.name} was changed: ${changes.join(", ")}`,
  });
  await recordAct(transaction, caller, {
    act: "agent_changed",
    object: `agent ${before.name}`,
    before: { ...before },
    after: { ...after },
  });
  return true;
}

function told(words: string): string {
  return words === "" ? "unknown" : `"${words}"`;
}

/** Two people who change it one after the other are told what each found. */
async function lockedWords(
  transaction: Transaction<Schema>,
  { agentId, monitorIds }: ChangedAgent,
): Promise<Required<AgentWords>> {
  const query =
    agentId === undefined
      ? transaction
          .selectFrom("monitors")
          .select(["hostname as name", "country", "network", "location"])
          .where("id", "in", [...monitorIds])
          .where("deleted_on", "is", null)
          .orderBy("id")
      : transaction
          .selectFrom("agents")
          .select(["name", "country", "network", "location"])
          .where("id", "=", agentId)
          .where("removed_at", "is", null);
  const row = await query.forNoKeyUpdate().executeTakeFirst();
  if (row === undefined) throw new AppError("conflict", "the agent was removed at this moment");
  return row;
}

async function writeAgent(
  transaction: Transaction<Schema>,
  agentId: bigint,
  { name, country, network, location }: Required<AgentWords>,
): Promise<void> {
  await transaction
    .updateTable("agents")
    .set({ name, country, network, location })
    .where("id", "=", agentId)
    .execute();
  await transaction
    .updateTable("monitors")
    .set({ hostname: name, location })
    .where("agent_id", "=", agentId)
    .where("deleted_on", "is", null)
    .execute();
}

async function writeMonitors(
  transaction: Transaction<Schema>,
  monitorIds: readonly bigint[],
  { country, network, location }: Required<AgentWords>,
): Promise<void> {
  await transaction
    .updateTable("monitors")
    .set({ country, network, location })
    .where("id", "in", [...monitorIds])
    .where("deleted_on", "is", null)
    .execute();
}
