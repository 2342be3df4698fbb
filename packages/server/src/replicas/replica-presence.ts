// That this process lives, for the others to see: a row that it renews every few seconds.

import { hostname } from "node:os";
import { sleep } from "@truechimer/base";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";

export interface ReplicaPresence extends AsyncDisposable {
  /** Under which name this replica locks jobs from now on. */
  setJobPool(jobPool: string): Promise<void>;
}

/** Disposing takes the row away: whoever goes in order is not missed. */
export async function startReplicaPresence(context: ServerContext): Promise<ReplicaPresence> {
  const { database, replicaId, roles, version, clock, logger, jobTiming } = context;
  const stop = new AbortController();
  let jobPool: string | null = null;
  // A replica that stood still for long finds its row gone, and makes it again.
  const say = async (): Promise<void> => {
    await sql`
      insert into replicas (id, roles, host, process_id, version, job_pool)
      values (${replicaId}, ${roles}::text[], ${hostname()}, ${process.pid}, ${version}, ${jobPool})
      on conflict (id) do update set seen_at = now(), job_pool = excluded.job_pool`.execute(
      database.kysely,
    );
  };
  const keepSaying = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(clock, jobTiming.heartbeatMs, stop.signal).catch(() => undefined);
      if (stop.signal.aborted) return;
      await say().catch((error: unknown) =>
        logger.warn({ error }, "this replica could not say that it lives"),
      );
    }
  };
  await say();
  const saying = keepSaying();
  return {
    setJobPool: async (name) => {
      jobPool = name;
      await say();
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("stopped"));
      await saying;
      await database.kysely
        .deleteFrom("replicas")
        .where("id", "=", replicaId)
        .execute()
        .catch((error: unknown) => logger.warn({ error }, "this replica's row stays behind"));
    },
  };
}
