// Which agent calls, with all its monitors: for what concerns the agent as a whole and not one IP family.

import { AppError, assert, type IpAddress, parseIpAddress } from "@truechimer/base";
import type { MonitorStatusName, Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { credentialUnknown, keyIsNew, ofAgent } from "../monitor-api/authenticate-monitor.ts";
import type { AgentCredential } from "./agent-credential.ts";
import { noteKeyUsed } from "./note-key-used.ts";

export interface CallingAgent {
  /** Absent, like the TLS name: it has a bearer token and no certificate. */
  readonly id: bigint | undefined;
  readonly tlsName: string | undefined;
  readonly name: string;
  /** At least one, at most one for each IP family, except of agents without a TLS name. */
  readonly monitors: readonly AgentMonitor[];
}

export interface AgentMonitor {
  readonly id: bigint;
  readonly address: IpAddress;
  readonly status: MonitorStatusName;
  readonly lab: boolean;
}

/** Finds the agent and notes that its monitors were seen. An agent that was removed is nobody. */
export async function authenticateAgent(
  { database }: Pick<ServerContext, "database">,
  { credential }: { readonly credential: AgentCredential },
): Promise<CallingAgent> {
  const rows = await database.kysely
    .updateTable("monitors")
    .set({ last_seen: sql<Timestamptz>`now()` })
    .where(ofAgent(credential))
    .where("type", "=", "monitor")
    .returning([
      "id",
      "hostname",
      "ip",
      "status",
      "lab",
      "tls_name",
      "agent_id",
      keyIsNew(credential).as("key_is_new"),
    ])
    .execute();
  const [first] = rows;
  if (first === undefined) throw new AppError("unauthenticated", credentialUnknown(credential));
  if (first.key_is_new && first.agent_id !== null) await noteKeyUsed(database, first.agent_id);
  return {
    id: first.agent_id ?? undefined,
    tlsName: first.tls_name ?? undefined,
    name: first.hostname,
    monitors: rows.map(({ id, ip, status, lab }) => {
      const address = parseIpAddress(ip ?? "");
      assert(address.ok, `monitors.ip "${ip}" is an address`);
      return { id, address: address.value, status, lab };
    }),
  };
}
