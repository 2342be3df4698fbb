// One process at a time sends to an archive: what is written into files is not told apart by its id, as rows of a table are.
// The lock goes with the session of whoever holds it, so a process that was killed holds nothing up.

import { advisoryLockId, type Database } from "@truechimer/database";

/** Undefined: another process is at work. */
export async function asOnlyWriter<Value>(
  { pool }: Pick<Database, "pool">,
  work: () => Promise<Value>,
): Promise<Value | undefined> {
  const client = await pool.connect();
  const id = advisoryLockId("archive");
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on("error", onError);
  try {
    const { rows } = await client.query<{ readonly free: boolean }>(
      "select pg_try_advisory_lock($1) as free",
      [id],
    );
    if (rows[0]?.free !== true) return undefined;
    try {
      return await work();
    } finally {
      // At once, and not when PostgreSQL notices that the session has gone. One that broke has freed it already.
      await client
        .query("select pg_advisory_unlock($1)", [id])
        .catch((error: unknown) => (broken = error as Error));
    }
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}
