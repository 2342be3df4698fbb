// A person decides on a registration, once. The row's lock orders two who decide at once; the second one finds it decided.

import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";
import {
  type FirstStatusName,
  inTransaction,
  type RegistrationStatusName,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { admitAgent, readmitAgent } from "./admit-agent.ts";
import { noteAgentEvent } from "./agent-events.ts";
import { sealKey } from "./waiting-key.ts";

export interface Approval {
  readonly id: string;
  /** Who decides, for people. */
  readonly decidedBy: string;
  /** Empty: the host's. */
  readonly name: string;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly status: FirstStatusName;
}

/** Approving what is approved already changes nothing. */
export async function approveRegistration(
  context: ActingContext,
  approval: Approval,
): Promise<void> {
  const approved = await inTransaction(context.database, async (transaction) => {
    const row = await lockRegistration(transaction, approval.id);
    if (row.status === "accepted" || row.status === "completed") return false;
    if (row.status !== "pending") throw decided(row);
    await admit(context, transaction, { row, approval });
    return true;
  });
  if (!approved) return;
  context.metrics.registrations.inc({ outcome: "approved" });
  await reassign(context);
}

export interface Rejection {
  readonly id: string;
  readonly decidedBy: string;
  /** Told to the agent. */
  readonly reason: string;
}

/** Rejecting what is rejected already changes nothing. */
export async function rejectRegistration(
  context: ActingContext,
  { id, decidedBy, reason }: Rejection,
): Promise<void> {
  const rejected = await inTransaction(context.database, async (transaction) => {
    const row = await lockRegistration(transaction, id);
    if (row.status === "rejected") return false;
    if (row.status !== "pending") throw decided(row);
    await transaction
      .updateTable("registrations")
      .set({
        status: "rejected",
        decided_at: sql<Timestamptz>`now()`,
        decided_by: decidedBy,
        reason,
      })
      .where("id", "=", id)
      .execute();
    await noteAgentEvent(transaction, {
      kind: "registration_rejected",
      text: `the registration of ${row.hostname || "an unnamed host"} was rejected${reason === "" ? "" : `: ${reason}`}`,
    });
    await recordAct(transaction, context.caller, {
      act: "registration_rejected",
      object: `registration ${id}`,
      before: { status: "pending" },
      after: { status: "rejected", reason },
    });
    return true;
  });
  if (rejected) context.metrics.registrations.inc({ outcome: "rejected" });
}

interface RegistrationRow {
  readonly id: string;
  readonly status: RegistrationStatusName;
  readonly hostname: string;
  readonly account_id: bigint | null;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  readonly tls_name: string;
  readonly replaces_agent_id: bigint | null;
}

async function lockRegistration(
  transaction: Transaction<Schema>,
  id: string,
): Promise<RegistrationRow> {
  const row = await transaction
    .selectFrom("registrations")
    .select([
      "id",
      "status",
      "hostname",
      "account_id",
      "ipv4",
      "ipv6",
      "tls_name",
      "replaces_agent_id",
    ])
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) {
    throw new AppError("not_found", `there is no registration with the id ${id.slice(0, 40)}`);
  }
  return row;
}

function decided({ id, status }: RegistrationRow): AppError {
  return new AppError(
    "conflict",
    `registration ${id} is ${status} already: the agent must register anew`,
  );
}

async function admit(
  context: ActingContext,
  transaction: Transaction<Schema>,
  { row, approval }: { readonly row: RegistrationRow; readonly approval: Approval },
): Promise<void> {
  const { country, network, location, status, decidedBy } = approval;
  const [label = ""] = row.tls_name.split(".", 1);
  const name = approval.name || row.hostname || label;
  const agent = {
    tlsName: row.tls_name,
    addresses: addressesOf(row),
    status,
    facts: { name, accountId: row.account_id, country, network, location, admittedBy: decidedBy },
  };
  const { agentId, apiKey } =
    row.replaces_agent_id === null
      ? await admitAgent(context, transaction, agent)
      : await readmitAgent(context, transaction, {
          ...agent,
          facts: { ...agent.facts, name: approval.name },
          agentId: row.replaces_agent_id,
        });
  await transaction
    .updateTable("registrations")
    .set({
      status: "accepted",
      decided_at: sql<Timestamptz>`now()`,
      decided_by: decidedBy,
      agent_id: agentId,
      country,
      network,
      sealed_key: sealKey(context, { id: row.id, apiKey }),
    })
    .where("id", "=", row.id)
    .execute();
  await noteAgentEvent(transaction, {
    kind: "registration_approved",
    agentId,
    text: `the registration of ${name} was approved: it becomes ${row.tls_name}`,
  });
  await recordAct(transaction, context.caller, {
    act: "registration_approved",
    object: `registration ${row.id}`,
    before: { status: "pending" },
    after: { status: "accepted", agent: name, tls_name: row.tls_name, country, network, location },
  });
}

function addressesOf({ ipv4, ipv6 }: RegistrationRow): readonly IpAddress[] {
  return [ipv4, ipv6].flatMap((text) => {
    const parsed = text === null ? undefined : parseIpAddress(text);
    return parsed?.ok === true ? [parsed.value] : [];
  });
}
