// Which shards this process scores. A lease is renewed by every look here and by every transaction that scores; one that
// has run out may be taken by another process. The claim's number is the fence: a transaction that scores locks its
// shards' rows and goes on only with those that still bear the number under which it holds them.

import { inTransaction, type Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { shardsOf } from "./shards.ts";

/** Of a process that was killed, another takes the shards over after this and one look: 13 s. */
export const LEASE_SECONDS = 10;
/** Between two looks at the leases; two may fail before one runs out. */
export const LEASE_LOOK_MS = 3_000;
/** While this process has fewer than its share: what others hand back for it is scored by nobody until it looks. */
export const SHORT_LOOK_MS = 250;
/** A replica that has said nothing for so long is not reckoned with. */
const REPLICA_SILENT_SECONDS = 12;

/** Shard → number of the claim under which this process holds it. */
export type HeldShards = ReadonlyMap<number, bigint>;

export interface LeasesLook {
  readonly held: HeldShards;
  /** It holds fewer than its share: others are yet to hand some back, or their leases to run out. */
  readonly short: boolean;
}

interface ShardRow {
  readonly shard: number;
  readonly claims: bigint;
}

/** Renews, hands back what others are to have, and takes what is free, up to this process's share. */
export async function keepLeases(
  { database, replicaId }: Pick<ServerContext, "database" | "replicaId">,
  held: HeldShards,
): Promise<LeasesLook> {
  return await inTransaction(database, async (transaction) => {
    const mine = await renew(transaction, replicaId, held);
    const scorers = await liveScorers(transaction, replicaId);
    const share = shardsOf(scorers.indexOf(replicaId), scorers.length);
    if (mine.length > share) {
      await handBack(
        transaction,
        replicaId,
        mine.slice(share).map(({ shard }) => shard),
      );
    }
    const claimed = await claim(transaction, replicaId, share - mine.length);
    const kept = [...mine.slice(0, share), ...claimed];
    return {
      held: new Map(kept.map(({ shard, claims }) => [shard, claims])),
      short: kept.length < share,
    };
  });
}

/** At the stop: others may take them at once. */
export async function releaseShards(
  { database, replicaId }: Pick<ServerContext, "database" | "replicaId">,
  held: HeldShards,
): Promise<void> {
  await inTransaction(database, (transaction) =>
    handBack(transaction, replicaId, [...held.keys()]),
  );
}

/** Those that are still ours, under the same claim. */
async function renew(
  transaction: Transaction<Schema>,
  replicaId: string,
  held: HeldShards,
): Promise<readonly ShardRow[]> {
  if (held.size === 0) return [];
  const { rows } = await sql<ShardRow>`
    update scorer_shards s set leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}::float8)
    from unnest(${[...held.keys()]}::smallint[], ${[...held.values()]}::bigint[]) as held (shard, claims)
    where s.shard = held.shard and s.claims = held.claims and s.holder = ${replicaId}
    returning s.shard, s.claims`.execute(transaction);
  return rows.toSorted((a, b) => a.shard - b.shard);
}

/** In the order of their ids, so that all processes agree on whose share is which; this one among them. */
async function liveScorers(
  transaction: Transaction<Schema>,
  replicaId: string,
): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly id: string }>`
    select id from replicas
    where 'scorer' = any(roles) and seen_at > now() - make_interval(secs => ${REPLICA_SILENT_SECONDS}::float8)
    union select holder from scorer_shards where leased_until > now()
    union select ${replicaId}::text`.execute(transaction);
  return rows.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));
}

async function handBack(
  transaction: Transaction<Schema>,
  replicaId: string,
  shards: readonly number[],
): Promise<void> {
  await sql`
    update scorer_shards set holder = null, leased_until = null
    where shard = any(${shards}::smallint[]) and holder = ${replicaId}`.execute(transaction);
}

async function claim(
  transaction: Transaction<Schema>,
  replicaId: string,
  count: number,
): Promise<readonly ShardRow[]> {
  if (count <= 0) return [];
  const { rows } = await sql<ShardRow>`
    update scorer_shards s set holder = ${replicaId}, claims = s.claims + 1,
      leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}::float8)
    from (
      select shard from scorer_shards where holder is null or leased_until < now()
      order by shard limit ${count} for update skip locked
    ) free
    where s.shard = free.shard
    returning s.shard, s.claims`.execute(transaction);
  return rows;
}
