// What all shards have read of result_commits goes after an hour; what one of them has not read stays, however long.

import { type Database, purgeResultCommits } from "@truechimer/database";

export async function purgeReadCommits(database: Database): Promise<void> {
  const unreadBy = await database.kysely
    .selectFrom("scorer_shards")
    .select(["cluster", "snapshot"])
    .execute();
  await purgeResultCommits(database, { unreadBy });
}
