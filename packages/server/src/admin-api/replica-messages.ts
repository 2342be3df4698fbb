// The processes of the control plane, as any one of them sees them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { timestampFrom } from "./admin-message.ts";

export async function listReplicas({
  database,
  replicaId,
  jobTiming,
}: Pick<ServerContext, "database" | "replicaId" | "jobTiming">): Promise<
  readonly adminV1.Replica[]
> {
  const rows = await database.kysely
    .selectFrom("replicas")
    .select(["id", "roles", "host", "process_id", "version", "started_at", "seen_at"])
    .select(
      sql<boolean>`seen_at >= now() - make_interval(secs => ${jobTiming.deadAfterMs / 1_000}::float8)`.as(
        "alive",
      ),
    )
    .orderBy("started_at")
    .orderBy("id")
    .execute();
  return rows.map((row) =>
    create(adminV1.ReplicaSchema, {
      id: row.id,
      roles: [...row.roles],
      host: row.host,
      processId: row.process_id,
      version: row.version,
      startedAt: timestampFrom(row.started_at),
      seenAt: timestampFrom(row.seen_at),
      alive: row.alive,
      self: row.id === replicaId,
    }),
  );
}
