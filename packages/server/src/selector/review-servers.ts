// Reviews of the servers that are due. Any number of replicas may do this at once: each takes servers that nobody holds,
// and holds them until its changes are written.

import { AppError } from "@truechimer/base";
import { sql } from "kysely";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import {
  type FleetPolicies,
  type ReviewContext,
  type ReviewOutcome,
  reviewSome,
} from "./review-batch.ts";
import { fleetPolicy } from "./server-policy.ts";
import { refreshStandings } from "./standings.ts";

/** Reviewed by one transaction: few enough that a change waits for no more than a moment. */
const BATCH_SERVERS = 50;
/** While one batch is planned the database works on another. */
const LANES = 2;
/** Of one call: at a millisecond each it still ends in seconds. */
const SERVERS_MAX = 20_000;
/** A server whose review failed is tried again after this. */
const FAILED_RETRY_MS = 20 * 60_000;

/** Until none is due that nobody else holds. */
export async function reviewDueServers(
  context: ReviewContext,
  signal?: AbortSignal,
): Promise<ReviewOutcome> {
  const fleet = await fleetPolicies(context);
  await refreshStandings(context.database);
  let servers = 0;
  let changes = 0;
  /** How many were reviewed; 0: no more are due. */
  const next = async (): Promise<number> => {
    if (servers >= SERVERS_MAX || signal?.aborted === true) return 0;
    const outcome = await reviewBatch(context, fleet);
    servers += outcome?.servers ?? 0;
    changes += outcome?.changes ?? 0;
    return outcome?.servers ?? 0;
  };
  if ((await next()) === BATCH_SERVERS) {
    const lane = async (): Promise<void> => {
      let reviewed = 0;
      do reviewed = await next();
      while (reviewed > 0);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
  return { servers, changes };
}

async function fleetPolicies(context: ReviewContext): Promise<FleetPolicies> {
  const { database, policy } = context;
  return {
    selection: await fleetPolicy(context),
    probes: {
      probe: await probePolicyFor(database, policy, false),
      labProbe: policy.labProbe,
    },
  };
}

async function reviewBatch(
  context: ReviewContext,
  fleet: FleetPolicies,
): Promise<ReviewOutcome | undefined> {
  const taken: bigint[] = [];
  try {
    return await reviewSome(context, { fleet, most: BATCH_SERVERS, taken });
  } catch (error) {
    if (taken.length === 0) throw error;
    if (taken.length > 1) return await reviewOneByOne(context, fleet, taken);
    await noteFailure(context, taken, error);
    return { servers: 1, changes: 0 };
  }
}

/** One of them cannot be reviewed; the others can. */
async function reviewOneByOne(
  context: ReviewContext,
  fleet: FleetPolicies,
  serverIds: readonly bigint[],
): Promise<ReviewOutcome> {
  let changes = 0;
  for (const only of serverIds) {
    try {
      changes += (await reviewSome(context, { fleet, most: 1, taken: [], only }))?.changes ?? 0;
    } catch (error) {
      await noteFailure(context, [only], error);
    }
  }
  return { servers: serverIds.length, changes };
}

async function noteFailure(
  { database, logger, metrics }: ReviewContext,
  serverIds: readonly bigint[],
  error: unknown,
): Promise<void> {
  logger?.error({ error, servers: serverIds }, "review failed");
  metrics?.selectorFailures.inc({ reason: error instanceof AppError ? error.code : "internal" });
  await sql`
    update servers_monitor_review set failures = failures + 1,
      next_review = now() + make_interval(secs => ${FAILED_RETRY_MS / 1_000}::float8)
    where server_id = any(${[...serverIds]}::bigint[])`.execute(database.kysely);
}
