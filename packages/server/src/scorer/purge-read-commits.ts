// What all shards have read of result_commits goes after an hour; what one of them has not read stays, however long. What
// an archive has not read is sent to it by its time.

import { type Database, purgeResultCommits } from "@truechimer/database";
import { leaveNotesBehind } from "../archive/wait-for-archives.ts";

export async function purgeReadCommits(database: Database): Promise<void> {
  await leaveNotesBehind(database.kysely);
  const unreadBy = await database.kysely
    .selectFrom("scorer_shards")
    .select(["cluster", "snapshot"])
    .execute();
  await purgeResultCommits(database, { unreadBy });
}
