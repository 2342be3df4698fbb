// GetCoverage: the servers that too few monitors watch, by reason, and what each account's monitors carry.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import { type Shortage, USABLE_MIN } from "@truechimer/selection";
import { type RawBuilder, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS, type ProbePolicy } from "../policy.ts";
import { optionalTimestamp } from "./admin-message.ts";

/** Whoever has so many has more to do than to read more of them. */
const GAPS_MAX = 1_000;
/** As many as a server has in the steady state: more are not told apart. */
const FRESH_ACTIVE_TOLD_MAX = 7;

type GapReason = Shortage | "not_reviewed";

const REASON_TEXTS: Readonly<Record<GapReason, string>> = {
  no_monitor: "no monitor of its address family may be active",
  in_progress: "the next reviews mend it",
  limits: "rules about networks and accounts, or missing results, keep others away",
  unhealthy: "its monitors measure badly",
  silent: "its monitors have stopped sending results",
  too_few_monitors: "all monitors that there are watch it",
  not_reviewed: "its monitors were never reviewed",
};

interface ServerRow {
  readonly id: bigint;
  readonly name: string;
  readonly active: bigint;
  readonly fresh: bigint;
  readonly last_review: Timestamptz | null;
  readonly next_review: Timestamptz | null;
  readonly shortage: Shortage | null;
}

export async function getCoverage(context: ServerContext): Promise<adminV1.GetCoverageResponse> {
  const [servers, accounts] = await Promise.all([serverRows(context), accountLoads(context)]);
  const short = servers.filter(({ fresh }) => fresh < BigInt(USABLE_MIN));
  return create(adminV1.GetCoverageResponseSchema, {
    servers: servers.length,
    freshActiveMin: USABLE_MIN,
    serversByFreshActive: countsByFresh(servers),
    reasons: reasonMessages(short),
    gaps: short.slice(0, GAPS_MAX).map(gapMessage),
    accounts: [...accounts],
  });
}

async function serverRows(context: ServerContext): Promise<readonly ServerRow[]> {
  const probe = await probePolicyFor(context.database, context.policy, false);
  const fresh = (of: (policy: ProbePolicy) => number): RawBuilder<unknown> =>
    sql`make_interval(secs => ${FRESH_INTERVALS}::float8 / 1000
      * case when s.lab then ${of(context.policy.labProbe)}::float8 else ${of(probe)}::float8 end)`;
  const { rows } = await sql<ServerRow>`
    select s.id, s.name, count(m.id) as active,
      count(m.id) filter (where ss.score_ts > now() - case
        when pace_of(ss.status, ss.score_raw) = 3 then ${fresh((policy) => policy.slowIntervalMs)}
        when m.status = 'active' then ${fresh((policy) => policy.checkIntervalMs)}
        else ${fresh((policy) => policy.testingIntervalMs)} end) as fresh,
      r.last_review, r.next_review, r.shortage
    from servers s
    left join servers_monitor_review r on r.server_id = s.id
    left join server_scores ss on ss.server_id = s.id and ss.status = 'active'
    left join monitors m on m.id = ss.monitor_id and m.type = 'monitor' and m.is_current and m.deleted_on is null
    where s.state = 'watched'
    group by s.id, r.server_id
    order by fresh, s.name, s.id`.execute(context.database.kysely);
  return rows;
}

function countsByFresh(servers: readonly ServerRow[]): number[] {
  const counts = Array.from({ length: FRESH_ACTIVE_TOLD_MAX + 1 }, () => 0);
  for (const { fresh } of servers) {
    const at = Math.min(Number(fresh), FRESH_ACTIVE_TOLD_MAX);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** What the last review found; where it found enough, they have fallen silent since. */
function reasonOf({ last_review: lastReview, shortage }: ServerRow): GapReason {
  return lastReview === null ? "not_reviewed" : (shortage ?? "silent");
}

function reasonMessages(short: readonly ServerRow[]): adminV1.CoverageReason[] {
  const byReason = Map.groupBy(short, reasonOf);
  return [...byReason]
    .toSorted(([one, ones], [other, others]) =>
      ones.length === others.length ? (one < other ? -1 : 1) : others.length - ones.length,
    )
    .map(([reason, rows]) =>
      create(adminV1.CoverageReasonSchema, {
        reason,
        text: REASON_TEXTS[reason],
        servers: rows.length,
      }),
    );
}

function gapMessage(row: ServerRow): adminV1.CoverageGap {
  return create(adminV1.CoverageGapSchema, {
    serverId: row.id,
    serverName: row.name,
    freshActive: Number(row.fresh),
    active: Number(row.active),
    reason: reasonOf(row),
    ...optionalTimestamp("lastReviewAt", row.last_review),
    ...optionalTimestamp("nextReviewAt", row.next_review),
  });
}

async function accountLoads({ database }: ServerContext): Promise<readonly adminV1.AccountLoad[]> {
  const { rows } = await sql<{
    readonly name: string;
    readonly monitors: bigint;
    readonly active: bigint;
    readonly share: number;
  }>`
    select a.name, count(m.id) as monitors, coalesce(sum(st.active_servers), 0)::bigint as active,
      coalesce(max(st.account_share), 0) as share
    from accounts a
    join monitors m on m.account_id = a.id and m.type = 'monitor' and m.is_current and m.deleted_on is null
    left join monitor_standings st on st.monitor_id = m.id
    group by a.id
    order by active desc, a.name, a.id
    limit ${GAPS_MAX}::int`.execute(database.kysely);
  return rows.map(({ name, monitors, active, share }) =>
    create(adminV1.AccountLoadSchema, {
      account: name,
      monitors: Number(monitors),
      active: Number(active),
      share,
    }),
  );
}
