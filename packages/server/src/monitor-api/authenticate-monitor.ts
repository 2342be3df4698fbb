// Who is calling: the bearer token is the agent, `mon_id` says which of its monitors. RFC 6750, section 2.1.

import { AppError, type IpFamily, parseIpAddress } from "@truechimer/base";
import type { Database, JsonValue, MonitorStatusName, Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { bearerToken, tokenHash } from "../http/token.ts";

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
  readonly lastSubmit: Timestamptz | null;
}

export const TOKEN_NEEDED = 'a monitor\'s token is needed: send it as "Authorization: Bearer …"';
export const TOKEN_UNKNOWN =
  "the token is not one of ours, or was replaced: get a new one for this monitor";

export interface MonitorCall {
  readonly authorization: string | null;
  /** The request's `mon_id`. Empty: the token's only monitor. */
  readonly monId: string;
}

/** Finds the monitor and notes that it was seen, also when it is not live. */
export async function authenticateMonitor(
  database: Database,
  call: MonitorCall,
): Promise<CallingMonitor> {
  const token = bearerToken(call.authorization);
  if (token === undefined) {
    throw new AppError("unauthenticated", TOKEN_NEEDED);
  }
  const rows = await database.kysely
    .updateTable("monitors")
    .set({ last_seen: sql<Timestamptz>`now()` })
    .where("token_hash", "=", tokenHash(token))
    .where("type", "=", "monitor")
    .where("is_current", "=", true)
    .where("deleted_on", "is", null)
    .$if(call.monId !== "", (query) => query.where("ip", "=", canonicalMonId(call.monId)))
    .returning([
      "id",
      "hostname",
      "ip",
      "ip_version",
      "status",
      "lab",
      "config",
      "client_version",
      "last_submit",
    ])
    .execute();
  const [row] = rows;
  if (row === undefined) throw await unknownMonitor(database, token, call.monId);
  if (rows.length > 1) {
    throw new AppError(
      "bad_request",
      "mon_id is empty, but the token has several monitors: send the address of one",
    );
  }
  return {
    id: row.id,
    name: row.hostname,
    address: canonicalMonId(row.ip ?? ""),
    family: row.ip_version ?? "v4",
    status: row.status,
    lab: row.lab,
    config: row.config,
    clientVersion: row.client_version,
    lastSubmit: row.last_submit,
  };
}

/** Live means testing or active: only such a monitor gets work and may submit. */
export function requireLive(monitor: CallingMonitor): void {
  if (monitor.status === "active" || monitor.status === "testing") return;
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

async function unknownMonitor(database: Database, token: string, monId: string): Promise<AppError> {
  return (await tokenIsKnown(database, token))
    ? new AppError("not_found", `no such monitor: the token has none at ${monId || "any address"}`)
    : new AppError("unauthenticated", TOKEN_UNKNOWN);
}

/** Whether any monitor that exists has it. */
export async function tokenIsKnown({ kysely }: Database, token: string): Promise<boolean> {
  const owned = await kysely
    .selectFrom("monitors")
    .select("id")
    .where("token_hash", "=", tokenHash(token))
    .where("is_current", "=", true)
    .limit(1)
    .executeTakeFirst();
  return owned !== undefined;
}
