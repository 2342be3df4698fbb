// Takes away windows that have ended, and counts that nobody is shown any more.

import { sql } from "kysely";
import type { ServerContext } from "../context.ts";

export async function cleanUpLimits({ database }: Pick<ServerContext, "database">): Promise<void> {
  await sql`
    delete from rate_limit_windows where (limit_name, key) in (
      select limit_name, key from rate_limit_windows where ends_at < now() order by limit_name, key for update skip locked
    )`.execute(database.kysely);
  await sql`delete from rate_limit_counts where minute < now() - interval '2 hours'`.execute(
    database.kysely,
  );
}
