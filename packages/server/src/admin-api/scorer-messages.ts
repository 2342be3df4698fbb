// The scorers, with the parts of their work.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ScorerLag } from "../scorer/scorer-lag.ts";
import { type ShardLag, shardLags } from "../scorer/shard-lags.ts";
import { durationFromNs, optionalTimestamp } from "./admin-message.ts";

/** Active or paused; a deleted one is none. */
export async function listScorers(
  database: Kysely<Schema>,
  lag: ScorerLag,
): Promise<readonly adminV1.Scorer[]> {
  const rows = await database
    .selectFrom("monitors")
    .select(["hostname", "status"])
    .where("type", "=", "score")
    .where("deleted_on", "is", null)
    .orderBy("hostname")
    .execute();
  return rows.map(({ hostname, status }) => {
    const active = status === "active";
    return create(adminV1.ScorerSchema, {
      name: hostname,
      active,
      resultsWaiting: active ? lag.results : 0n,
      lag: durationFromSeconds(active ? lag.seconds : 0),
    });
  });
}

export async function listScorerShards(
  database: Kysely<Schema>,
): Promise<readonly adminV1.ScorerShard[]> {
  return (await shardLags(database)).map(shardMessage);
}

function shardMessage(lag: ShardLag): adminV1.ScorerShard {
  return create(adminV1.ScorerShardSchema, {
    shard: lag.shard,
    replicaId: lag.holder ?? "",
    ...optionalTimestamp("leasedUntil", lag.leasedUntil),
    resultsWaiting: lag.results,
    lag: durationFromSeconds(lag.seconds),
  });
}

export async function countServersSetAside(database: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ readonly servers: number }>`
    select count(*)::int as servers from scorer_set_aside where failures > 0`.execute(database);
  return rows[0]?.servers ?? 0;
}

export function durationFromSeconds(seconds: number): ReturnType<typeof durationFromNs> {
  return durationFromNs(BigInt(Math.round(seconds * 1e9)));
}
