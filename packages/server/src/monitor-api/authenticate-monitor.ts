// Which monitor calls: the credential is the agent, `mon_id` says which of its monitors. A row is found by the agent's
// own name or key alone, so that no agent can act for another's monitor; a row that was deleted is never found.

import { AppError, type IpFamily, parseIpAddress } from "@truechimer/base";
import type { Database, JsonValue, MonitorStatusName } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { AgentCredential } from "../enrolment/agent-credential.ts";
import { noteKeyUsed } from "../enrolment/note-key-used.ts";
import type { Settings } from "./read-settings.ts";

/** The row behind a call. */
export interface CallingMonitor {
  readonly id: bigint;
  readonly name: string;
  /** Canonical text. */
  readonly address: string;
  readonly family: IpFamily;
  readonly status: MonitorStatusName;
  readonly lab: boolean;
  readonly config: JsonValue;
  readonly clientVersion: string;
  /** What the operators have set for agents, as of this call. */
  readonly settings: Settings;
  /** Absent: the agent has a bearer token and no name in a certificate. */
  readonly tlsName: string | undefined;
  /** Of what it was found as (monitor-mark.ts). */
  readonly mark: bigint;
}

export interface MonitorCall {
  readonly credential: AgentCredential;
  /** The request's `mon_id`. Empty: the agent's only monitor. */
  readonly monId: string;
}

/** Finds the monitor and notes that it was seen, also when it is not live. */
export async function authenticateMonitor(
  { database, monitorCalls }: Pick<ServerContext, "database" | "monitorCalls">,
  call: MonitorCall,
): Promise<CallingMonitor> {
  const { credential, monId } = call;
  const rows = await monitorCalls.find({
    credential,
    address: monId === "" ? "" : canonicalMonId(monId),
  });
  const [row] = rows;
  if (row === undefined) throw await unknownMonitor(database, call);
  if (rows.length > 1) {
    throw new AppError(
      "bad_request",
      "mon_id is empty, but the agent has several monitors: send the address of one",
    );
  }
  if (row.key_is_new && row.agent_id !== null) await noteKeyUsed(database, row.agent_id);
  return {
    id: row.id,
    name: row.hostname,
    address: canonicalMonId(row.ip ?? ""),
    family: row.ip_version ?? "v4",
    status: row.status,
    lab: row.lab,
    config: row.config,
    clientVersion: row.client_version,
    settings: row.settings,
    tlsName: row.tls_name ?? undefined,
    mark: row.mark,
  };
}

/** For a `where` over `monitors`: those of the agent that have not been deleted. */
export function ofAgent(credential: AgentCredential): RawBuilder<boolean> {
  const own =
    credential.kind === "key"
      ? sql<boolean>`monitors.token_hash = ${credential.hash}`
      : sql<boolean>`lower(monitors.tls_name) = ${credential.tlsName.toLowerCase()}`;
  return sql<boolean>`${own} and monitors.is_current and monitors.deleted_on is null`;
}

/** Whether this is the first call with the agent's key. A certificate says nothing about who has the key. */
export function keyIsNew(credential: AgentCredential): RawBuilder<boolean> {
  if (credential.kind !== "key") return sql<boolean>`false`;
  return sql<boolean>`exists (select 1 from agents a where a.id = monitors.agent_id and a.key_used_at is null)`;
}

/** Live means testing or active: only such a monitor gets work and may submit. */
export function isLive({ status }: CallingMonitor): boolean {
  return status === "active" || status === "testing";
}

export function requireLive(monitor: CallingMonitor): void {
  if (isLive(monitor)) return;
  throw new AppError(
    "monitor_not_live",
    `monitor not active: ${monitor.name} is ${monitor.status}`,
  );
}

function canonicalMonId(monId: string): string {
  const address = parseIpAddress(monId);
  if (!address.ok) throw new AppError("bad_request", `mon_id: ${address.error}`);
  return address.value.text;
}

async function unknownMonitor(
  database: Database,
  { credential, monId }: MonitorCall,
): Promise<AppError> {
  return (await agentIsKnown(database, credential))
    ? new AppError("not_found", `no such monitor: the agent has none at ${monId || "any address"}`)
    : new AppError("unauthenticated", credentialUnknown(credential));
}

export function credentialUnknown({ kind }: AgentCredential): string {
  return UNKNOWN[kind];
}

const UNKNOWN: Readonly<Record<AgentCredential["kind"], string>> = {
  certificate: "the client certificate is of no agent that we have: it was removed, or never here",
  token: "the token is of no agent that we have: it was removed, or never here",
  key: "the agent's key is not one of ours, or was replaced: get a new one for this agent",
};

/** Whether there is an agent that has it. */
export async function agentIsKnown(
  { kysely }: Database,
  credential: AgentCredential,
): Promise<boolean> {
  const owned = await kysely
    .selectFrom("monitors")
    .select("id")
    .where(ofAgent(credential))
    .limit(1)
    .executeTakeFirst();
  return owned !== undefined;
}
