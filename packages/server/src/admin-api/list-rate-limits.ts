// ListRateLimits: every limit, as it is set here, and what it has refused in the whole cluster.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { RateLimit } from "../limits/rate-limits.ts";
import { durationFromMs } from "./admin-message.ts";

interface CountRow {
  readonly limit_name: string;
  readonly passed: bigint;
  readonly refused: bigint;
}

export async function listRateLimits({
  database,
  limits,
}: Pick<ServerContext, "database" | "limits">): Promise<adminV1.ListRateLimitsResponse> {
  await limits.writeCounts();
  const { rows } = await sql<CountRow>`
    select limit_name, sum(passed)::int8 as passed, sum(refused)::int8 as refused
    from rate_limit_counts where minute > now() - interval '1 hour' group by limit_name`.execute(
    database.kysely,
  );
  const counts = new Map(rows.map((row) => [row.limit_name, row]));
  return create(adminV1.ListRateLimitsResponseSchema, {
    rateLimits: limits.all
      .map((limit) => rateLimitMessage(limit, counts.get(limit.name)))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  });
}

const UNITS = {
  requests: adminV1.RateLimitUnit.REQUESTS,
  failures: adminV1.RateLimitUnit.FAILURES,
  at_once: adminV1.RateLimitUnit.AT_ONCE,
} as const;

const SCOPES = {
  cluster: adminV1.RateLimitScope.CLUSTER,
  process: adminV1.RateLimitScope.PROCESS,
} as const;

function rateLimitMessage(limit: RateLimit, counts: CountRow | undefined): adminV1.RateLimit {
  const message: MessageInitShape<typeof adminV1.RateLimitSchema> = {
    name: limit.name,
    each: limit.each,
    counts: UNITS[limit.counts],
    max: BigInt(limit.max),
    scope: SCOPES[limit.scope],
    passesWithoutDatabase: limit.whenStoreDown === "allow",
    reason: limit.reason,
    withoutDatabaseReason: limit.storeReason,
    passedLastHour: counts?.passed ?? 0n,
    refusedLastHour: counts?.refused ?? 0n,
    ...(limit.windowMs === 0 ? {} : { window: durationFromMs(limit.windowMs) }),
  };
  return create(adminV1.RateLimitSchema, message);
}
