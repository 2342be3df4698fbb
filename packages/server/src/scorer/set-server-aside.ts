// A server whose results cannot be scored: its rows stay in the queue and wait, longer with each failure.

import { AppError } from "@truechimer/base";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";

const ASIDE_SECONDS_FIRST = 30;
/** Long enough to cost nothing, short enough that a mended server is scored within the hour. */
const ASIDE_SECONDS_MAX = 3_600;

export async function setServerAside(
  { database, logger, metrics }: Pick<ServerContext, "database" | "logger" | "metrics">,
  serverId: bigint,
  error: unknown,
): Promise<void> {
  const code = error instanceof AppError ? error.code : "internal";
  metrics.scorerErrors.inc({ scorer: "all" });
  logger.error({ error, serverId }, "server not scored, its results are set aside");
  await sql`
    update score_queue set failures = failures + 1, last_error = ${code},
      retry_at = now() + make_interval(
        secs => least(${ASIDE_SECONDS_MAX}, ${ASIDE_SECONDS_FIRST} * 2 ^ least(failures, 10))::float8)
    where server_id = ${serverId}`.execute(database.kysely);
}
