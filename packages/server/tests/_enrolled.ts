// Agents that are in, by either way.

import type { Client } from "@connectrpc/connect";
import type { adminV1 } from "@truechimer/api";
import {
  agentClient,
  newCsr,
  newUlid,
  type RegistrationCall,
  registered,
  registrationIdIn,
} from "./_agents.ts";

type AdminClient = Client<typeof adminV1.AdminService>;

export interface AgentInside {
  readonly key: string;
  readonly tlsName: string;
  /** ULID by which people know it. */
  readonly id: string;
}

export interface AgentWanted {
  readonly status?: adminV1.MonitorStatus;
  readonly name?: string;
  readonly call?: Omit<RegistrationCall, "registrationId">;
}

/** By a registration that a person approved. */
export async function registeredAgent(
  admin: AdminClient,
  url: string,
  { status = 3, name = "zurich", call = {} }: AgentWanted = {},
): Promise<AgentInside> {
  const registrationId = newUlid();
  const answer = await registered(url, { registrationId, ...call });
  const { registration } = await admin.approveRegistration({
    id: registrationIdIn(answer),
    status,
    name,
  });
  const { APIToken: key = "" } = await registered(url, { registrationId, ...call });
  return insideAs(admin, { key, tlsName: registration?.tlsName ?? "" });
}

/** By a one-time token. */
export async function enrolledAgent(
  admin: AdminClient,
  url: string,
  { status = 3, name = "oslo" }: Omit<AgentWanted, "call"> = {},
): Promise<AgentInside> {
  const { secret } = await admin.createEnrolmentToken({ status });
  const answer = await agentClient(url).enroll({
    token: secret,
    hostname: name,
    csrDer: await newCsr(),
    addresses: ["192.0.2.10", "2001:db8::10"],
    enrolmentId: newUlid(),
  });
  return insideAs(admin, { key: answer.apiKey, tlsName: answer.tlsName });
}

async function insideAs(
  admin: AdminClient,
  { key, tlsName }: Omit<AgentInside, "id">,
): Promise<AgentInside> {
  const { agents } = await admin.listAgents({});
  const id = agents.find((agent) => agent.tlsName === tlsName)?.id;
  if (id === undefined) throw new Error(`there is no agent ${tlsName}`);
  return { key, tlsName, id };
}
