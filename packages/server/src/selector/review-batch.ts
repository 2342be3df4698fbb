// Reviews of some servers in one transaction: taken, read, planned, written.

import { inTransaction, type Schema } from "@truechimer/database";
import {
  planReview,
  type ReviewPlan,
  type SelectionPolicy,
  USABLE_MIN,
} from "@truechimer/selection";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { type LoadedServer, loadSnapshots, type ProbePolicies } from "./load-snapshots.ts";
import { nextReviewMs } from "./next-review.ts";
import { policyOf } from "./server-policy.ts";
import { noteViolations, type PlannedReview, writePlans } from "./write-plans.ts";

/** What a review needs of the world; callers that have no metrics count nothing. */
export type ReviewContext = Pick<ServerContext, "database" | "policy"> &
  Partial<Pick<ServerContext, "clock" | "logger" | "metrics">>;

export interface ReviewOutcome {
  readonly servers: number;
  readonly changes: number;
}

/** What holds for all servers of a run. */
export interface FleetPolicies {
  readonly selection: SelectionPolicy;
  readonly probes: ProbePolicies;
}

interface DueServer {
  readonly server_id: bigint;
  readonly config: unknown;
  readonly quiet_reviews: number;
  readonly now_ms: number;
}

export interface Batch {
  readonly fleet: FleetPolicies;
  readonly most: number;
  /** Filled with what was taken. */
  readonly taken: bigint[];
  readonly only?: bigint;
}

/** Undefined: none is due that nobody else holds. */
export function reviewSome(
  context: ReviewContext,
  batch: Batch,
): Promise<ReviewOutcome | undefined> {
  return inTransaction(context.database, async (transaction) => {
    const due = await takeDue(transaction, batch);
    if (due.length === 0) return undefined;
    batch.taken.push(...due.map(({ server_id: id }) => id));
    const loaded = await loadSnapshots(transaction, batch.taken, batch.fleet.probes);
    const fleet = batch.fleet.selection;
    const reviews = due.map((row) => plannedReview(context, { row, loaded, fleet }));
    const planned = reviews.flatMap(({ review }) => review ?? []);
    const written = await writePlans(transaction, planned);
    await noteViolations(transaction, planned);
    await noteReviews(transaction, reviews);
    count(context, planned, written);
    return { servers: due.length, changes: written.size };
  });
}

async function takeDue(
  transaction: Transaction<Schema>,
  { most, only }: Batch,
): Promise<readonly DueServer[]> {
  const { rows } = await sql<DueServer>`
    select r.server_id, r.config, r.quiet_reviews, extract(epoch from now())::float8 * 1000 as now_ms
    from servers_monitor_review r join servers s on s.id = r.server_id
    where r.next_review <= now() and s.state = 'watched'
      and (${only ?? null}::bigint is null or r.server_id = ${only ?? null}::bigint)
    order by r.next_review, r.server_id
    limit ${most}
    for no key update of r skip locked`.execute(transaction);
  return rows;
}

interface DueReview {
  readonly row: DueServer;
  readonly review: PlannedReview | undefined;
  readonly policy: SelectionPolicy;
}

function plannedReview(
  context: ReviewContext,
  of: {
    readonly row: DueServer;
    readonly loaded: ReadonlyMap<bigint, LoadedServer>;
    readonly fleet: SelectionPolicy;
  },
): DueReview {
  const server = of.loaded.get(of.row.server_id);
  const policy = policyOf(of.row, server, of.fleet);
  if (server === undefined) return { row: of.row, review: undefined, policy };
  return {
    row: of.row,
    review: { server, plan: timedPlan(context, server, policy, of.row.now_ms) },
    policy,
  };
}

function timedPlan(
  { clock, metrics }: ReviewContext,
  { snapshot }: LoadedServer,
  policy: SelectionPolicy,
  nowMs: number,
): ReviewPlan {
  if (clock === undefined) return planReview(snapshot, policy, nowMs);
  const monotonicMs = (): number => Number(clock.monotonicNs()) / 1e6;
  const startedMs = monotonicMs();
  const plan = planReview(snapshot, policy, nowMs, { monotonicMs });
  metrics?.selectorSeconds.observe((monotonicMs() - startedMs) / 1_000);
  return plan;
}

async function noteReviews(
  transaction: Transaction<Schema>,
  reviews: readonly DueReview[],
): Promise<void> {
  const noted = reviews.map(({ row, review, policy }) => {
    const plan = review?.plan;
    const quiet = plan === undefined || plan.changes.length > 0 ? 0 : row.quiet_reviews + 1;
    return {
      id: row.server_id,
      waitMs: nextReviewMs({ plan, policy, quiet, nowMs: row.now_ms }),
      changed: (plan?.changes.length ?? 0) > 0,
      quiet,
      usable: plan?.usableAfter ?? 0,
      shortage: plan === undefined ? "no_monitor" : (plan.shortage ?? null),
    };
  });
  await sql`
    update servers_monitor_review r set
      last_review = now(),
      -- A tenth of chance, so that servers that were added together are not reviewed together for ever.
      next_review = now() + make_interval(secs => t.wait_ms / 1000 * (0.95 + 0.1 * random())),
      last_change = case when t.changed then now() else r.last_change end,
      quiet_reviews = t.quiet,
      usable_active = t.usable,
      shortage = t.shortage,
      failures = 0
    from unnest(
      ${noted.map(({ id }) => id)}::bigint[], ${noted.map(({ waitMs }) => waitMs)}::float8[],
      ${noted.map(({ changed }) => changed)}::boolean[], ${noted.map(({ quiet }) => quiet)}::int[],
      ${noted.map(({ usable }) => usable)}::int[], ${noted.map(({ shortage }) => shortage)}::text[]
    ) as t (id, wait_ms, changed, quiet, usable, shortage)
    where r.server_id = t.id`.execute(transaction);
}

function count(
  { metrics }: ReviewContext,
  reviews: readonly PlannedReview[],
  written: ReadonlySet<bigint>,
): void {
  if (metrics === undefined) return;
  for (const { server, plan } of reviews) {
    metrics.selectorReviews.inc({
      outcome:
        plan.usableAfter < USABLE_MIN ? "shortage" : plan.changes.length > 0 ? "changed" : "stable",
    });
    metrics.selectorEvaluated.inc({}, server.snapshot.monitors.length);
    for (const { type } of plan.violations)
      metrics.selectorViolations.inc({ constraint_type: type });
    for (const { monitorId, from, to, reason } of plan.changes) {
      const assignmentId = server.assignmentIds.get(monitorId);
      if (assignmentId !== undefined && written.has(assignmentId)) {
        metrics.selectorChanges.inc({ from_status: from, to_status: to, reason });
      } else {
        metrics.selectorFailures.inc({ reason: "conflict" });
      }
    }
  }
}
