// The work of the scorers, cut by server: a fixed number of shards, so that whoever computes one agrees with the rest.

/** More processes than this find no work; a change needs a migration (scorer_shards). */
export const SHARDS = 16;

/** Numbers of servers follow each other, so their remainders are spread as evenly as any hash would be. */
export function shardOf(serverId: bigint): number {
  return Number(serverId % BigInt(SHARDS));
}

/**
 * How many shards the `rank`-th (from 0) of `processes` scorers holds: all of them are held, and no two processes differ
 * by more than one.
 */
export function shardsOf(rank: number, processes: number): number {
  return Math.floor(SHARDS / processes) + (rank < SHARDS % processes ? 1 : 0);
}
