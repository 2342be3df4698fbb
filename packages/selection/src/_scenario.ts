// Servers and monitors for tests, in few words: by default the server is of account 999 at 198.51.100.1, and every monitor is
// healthy, globally active, of its own account and network, with 200 results.

import type { Change } from "./change.ts";
import { planReview, type ReviewPlan } from "./plan-review.ts";
import { PURE_PRIORITY_SELECTION, type SelectionPolicy } from "./policy.ts";
import type {
  AssignmentStatus,
  GlobalStatus,
  MonitorFacts,
  ServerFacts,
  Snapshot,
} from "./snapshot.ts";

export const NOW_MS: number = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;
const INTERVAL_MS = 540_000;

/** The NTP Pool's limits, ranking and hysteresis: what its own tests assume. */
export const CLASSIC: SelectionPolicy = {
  ...PURE_PRIORITY_SELECTION,
  name: "classic",
  hysteresisPoints: 5,
  hysteresisShare: 0.05,
};

export const SERVER: ServerFacts = { id: 1n, accountId: 999n, ip: "198.51.100.1" };

export interface Row {
  readonly id: number;
  readonly status: AssignmentStatus;
  /** The NTP Pool's priority. */
  readonly p?: number;
  readonly account?: number;
  readonly ip?: string;
  readonly global?: GlobalStatus;
  readonly unhealthy?: boolean;
  readonly count?: number;
  readonly country?: string;
  readonly network?: string;
  readonly more?: Partial<MonitorFacts>;
}

export function monitor(row: Row): MonitorFacts {
  const { id, status, p = 10, unhealthy = false, count = 200 } = row;
  const bad = row.unhealthy === true && row.more?.measured === undefined;
  return {
    id: BigInt(id),
    type: "monitor",
    globalStatus: row.global ?? "active",
    accountId: BigInt(row.account ?? 1_000 + id),
    ip: row.ip ?? `10.${id >>> 4}.${(id & 15) << 4}.1`,
    country: row.country ?? "",
    network: row.network ?? "",
    status,
    reversals: 0,
    measured: {
      count,
      weight: 10_000,
      meanStep: unhealthy ? -1 : 1,
      lossShare: bad ? 0.33 : 0,
      // As the priority is the delay times this.
      delayMs: unhealthy ? p / 5 : p,
      lastCheckAtMs: NOW_MS,
    },
    intervalMs: INTERVAL_MS,
    online: true,
    badEverywhere: false,
    activeServers: 0,
    accountShare: 0,
    ...row.more,
  };
}

export type RowChange = Partial<Omit<Row, "id" | "status">>;

/** `of("active", 1, 7)`: seven active monitors with the priorities 5 to 11, or those given. */
export function of(
  status: AssignmentStatus,
  from: number,
  to: number,
  values: RowChange & { readonly ps?: readonly number[] } = {},
): readonly Row[] {
  const { ps, ...others } = values;
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    id: from + index,
    status,
    p: ps?.[index] ?? defaultPriority(status, index),
    ...others,
  }));
}

/** In rank order, active before testing before candidates. */
function defaultPriority(status: AssignmentStatus, index: number): number {
  return { active: 5, testing: 16, candidate: 26, paused: 36 }[status] + index;
}

export function snapshotOf(rows: readonly Row[], server: ServerFacts = SERVER): Snapshot {
  return { server, monitors: rows.map(monitor) };
}

/** The snapshot once the plan is carried out, `laterMs` on. */
export function applied(
  snapshot: Snapshot,
  plan: ReviewPlan,
  nowMs: number,
  laterMs: number,
): Snapshot {
  const changes = new Map(plan.changes.map((change) => [change.monitorId, change]));
  return {
    ...snapshot,
    monitors: snapshot.monitors.map((each) => {
      const measured = each.measured && { ...each.measured, lastCheckAtMs: nowMs + laterMs };
      const heard = { ...each, ...(measured && { measured }) };
      const change = changes.get(each.id);
      return change === undefined ? heard : changed(heard, change, nowMs);
    }),
  };
}

function changed(facts: MonitorFacts, { from, to, reason }: Change, nowMs: number): MonitorFacts {
  return {
    ...facts,
    status: to,
    statusSinceMs: nowMs,
    ...(from === "active" ? { demotedAtMs: nowMs } : {}),
    ...(to === "paused" ? { lastConstraintCheckAtMs: nowMs, pauseReason: "constraint" } : {}),
    ...(reason === "constraint_resolved" ? {} : {}),
  };
}

export interface Reviewed {
  readonly plans: readonly ReviewPlan[];
  readonly snapshot: Snapshot;
  /** Ids by status at the end. */
  readonly end: Readonly<Record<AssignmentStatus, readonly number[]>>;
}

/** Reviews an hour apart. */
export function review(
  start: Snapshot,
  {
    policy = CLASSIC,
    times = 1,
  }: { readonly policy?: SelectionPolicy; readonly times?: number } = {},
): Reviewed {
  let snapshot = start;
  let nowMs = NOW_MS;
  const plans: ReviewPlan[] = [];
  for (let count = 0; count < times; count += 1) {
    const plan = planReview(snapshot, policy, nowMs);
    plans.push(plan);
    snapshot = applied(snapshot, plan, nowMs, HOUR_MS);
    nowMs += HOUR_MS;
  }
  return { plans, snapshot, end: idsByStatus(snapshot) };
}

function idsByStatus({ monitors }: Snapshot): Record<AssignmentStatus, number[]> {
  const ids: Record<AssignmentStatus, number[]> = {
    active: [],
    testing: [],
    candidate: [],
    paused: [],
  };
  for (const { id, status } of monitors) ids[status].push(Number(id));
  return ids;
}

/** "9 active>candidate", one a change, sorted by id. */
export function changeWords(plan: ReviewPlan): readonly string[] {
  return plan.changes
    .toSorted((a, b) => (a.monitorId < b.monitorId ? -1 : 1))
    .map(({ monitorId, from, to }) => `${monitorId} ${from}>${to}`);
}
