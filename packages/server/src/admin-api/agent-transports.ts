// How monitors can be asked on demand now: by the stream that their agent holds open, or over MQTT.

import type { Database, Timestamptz } from "@truechimer/database";
import { sql } from "kysely";

/** By monitor; without an entry it cannot be asked. The stream is used where there are both. */
export async function monitorTransports({
  kysely,
}: Database): Promise<ReadonlyMap<bigint, "stream" | "mqtt">> {
  const rows = await kysely
    .selectFrom("monitor_sessions")
    .select(["monitor_id", "transport"])
    .where("expires_at", ">", sql<Timestamptz>`now()`)
    // "stream" comes after "mqtt" and takes its place.
    .orderBy("transport")
    .execute();
  return new Map(rows.map((row) => [row.monitor_id, row.transport]));
}

/** That of the agent: of any of its monitors, a stream before MQTT. Empty: it cannot be asked. */
export function agentTransport(
  monitorIds: readonly bigint[],
  transports: ReadonlyMap<bigint, "stream" | "mqtt">,
): string {
  const own = new Set(monitorIds.map((id) => transports.get(id)));
  return own.has("stream") ? "stream" : own.has("mqtt") ? "mqtt" : "";
}
