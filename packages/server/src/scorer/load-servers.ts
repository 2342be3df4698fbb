// Reads what the memory of a server begins with: the scorers' own assignments, those of its monitors, and the votes as
// they were at the time of the first result that is to be scored.

import { assert } from "@truechimer/base";
import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { type AssignmentStatus, ruleSetTextOf } from "@truechimer/scoring";
import { sql, type Transaction } from "kysely";
import type { ProbePolicy } from "../policy.ts";
import { WITNESS_COLUMNS, type WitnessColumns, witnessOf } from "../verdict/load-witnesses.ts";
import type { LiveMonitors } from "./live-monitors.ts";
import type { ScoredResult } from "./scored-result.ts";
import type { ActiveScorers, ScorerName } from "./scorers.ts";
import type { ScorerState, ServerState, Watcher } from "./server-memory.ts";
import { type Vote, type VoteColumns, voteOfRow } from "./vote.ts";

/** A server whose memory is to be made. */
export interface ServerToLoad {
  readonly id: bigint;
  readonly assignmentsVersion: bigint;
  readonly createdOn: Timestamptz;
  /** Votes are as of then, the time of the first result that is to be scored; or of the newest that was, if that is later. */
  readonly at: Timestamptz;
}

export interface LoadingWorld {
  readonly scorers: ActiveScorers;
  readonly live: LiveMonitors;
  /** Beyond it no result has a vote. */
  readonly lookbackNs: bigint;
  readonly probeOf: (serverId: bigint) => ProbePolicy;
}

export async function loadServers(
  transaction: Transaction<Schema>,
  servers: readonly ServerToLoad[],
  world: LoadingWorld,
): Promise<ReadonlyMap<bigint, ServerState>> {
  if (servers.length === 0) return new Map();
  const own = await loadScorerRows(transaction, servers, world.scorers);
  const asOf = servers.map((server) => ({
    ...server,
    at: asOfNewest(server.at, newestOf(own.get(server.id))),
  }));
  const watchers = await loadWatchers(transaction, asOf, world);
  return new Map(
    servers.map(({ id, assignmentsVersion, createdOn }) => [
      id,
      {
        assignmentsVersion,
        createdOn,
        lookbackNs: world.lookbackNs,
        newestNs: newestOf(own.get(id)),
        scorers: own.get(id) ?? new Map(),
        watchers: watchers.get(id) ?? new Map(),
        candidates: undefined,
        referenceReadAtNs: undefined,
      },
    ]),
  );
}

interface OwnRow {
  readonly id: bigint;
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly score_raw: number;
  readonly score_ts: Timestamptz | null;
  readonly logged_ts: Timestamptz | null;
  readonly logged_score: number | null;
  readonly logged_rule: string | null;
}

/** A result that comes late finds the votes that are there, not those of its time; it has no say in who they are. */
export function asOfNewest(at: Timestamptz, newestNs: bigint | undefined): Timestamptz {
  if (newestNs === undefined) return at;
  const newest = timestamptzFromNs(newestNs);
  return newest > at ? newest : at;
}

/** Of the results that were scored. */
function newestOf(own: ReadonlyMap<ScorerName, ScorerState> | undefined): bigint | undefined {
  let newest: bigint | undefined;
  for (const { scoredAtNs } of own?.values() ?? []) {
    if (scoredAtNs !== undefined && (newest === undefined || scoredAtNs > newest))
      newest = scoredAtNs;
  }
  return newest;
}

/** Made where they are missing; what is there is never reset. */
async function loadScorerRows(
  transaction: Transaction<Schema>,
  servers: readonly ServerToLoad[],
  scorers: ActiveScorers,
): Promise<ReadonlyMap<bigint, ReadonlyMap<ScorerName, ScorerState>>> {
  const serverIds = servers.map(({ id }) => id);
  const scorerIds = [...scorers.values()];
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select server_id, scorer_id, 'active'
    from unnest(${serverIds}::bigint[]) as s (server_id) cross join unnest(${scorerIds}::bigint[]) as m (scorer_id)
    order by server_id, scorer_id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  const { rows } = await sql<OwnRow>`
    select ss.id, ss.server_id, ss.monitor_id, ss.score_raw, ss.score_ts, l.ts as logged_ts, l.score as logged_score,
      l.rule as logged_rule
    from server_scores ss
    left join log_scores l on l.id = ss.last_log_score_id and l.ts = ss.last_answer_ts
    where ss.server_id = any(${serverIds}::bigint[]) and ss.monitor_id = any(${scorerIds}::bigint[])`.execute(
    transaction,
  );
  const names = new Map([...scorers].map(([name, id]) => [id, name]));
  const states = new Map<bigint, Map<ScorerName, ScorerState>>();
  for (const row of rows) {
    const name = names.get(row.monitor_id);
    assert(name !== undefined, "only active scorers were asked for");
    const ofServer = states.get(row.server_id) ?? new Map<ScorerName, ScorerState>();
    states.set(row.server_id, ofServer.set(name, scorerStateOf(row)));
  }
  return states;
}

function scorerStateOf(row: OwnRow): ScorerState {
  const { id, score_raw, score_ts, logged_ts, logged_score, logged_rule } = row;
  return {
    assignmentId: id,
    score: score_raw,
    scoredAtNs: score_ts === null ? undefined : nsFromTimestamptz(score_ts),
    logged:
      logged_ts === null || logged_score === null
        ? undefined
        : {
            atNs: nsFromTimestamptz(logged_ts),
            score: logged_score,
            ruleSet: ruleSetTextOf(logged_rule ?? ""),
          },
  };
}

interface WatcherRow extends WitnessColumns {
  readonly server_id: bigint;
  readonly monitor_id: bigint;
  readonly status: AssignmentStatus;
  readonly vote_id: bigint | null;
  readonly vote_ts: Timestamptz;
  readonly vote_score: number;
  readonly vote_step: number;
  readonly vote_rtt_ns: bigint | null;
  readonly vote_attributes: string | null;
}

const VOTE_COLUMNS = sql`l.id as vote_id, l.ts as vote_ts, l.score as vote_score, l.step as vote_step,
  l.rtt_ns as vote_rtt_ns, l.attributes::text as vote_attributes`;

async function loadWatchers(
  transaction: Transaction<Schema>,
  servers: readonly ServerToLoad[],
  { live, probeOf, lookbackNs }: LoadingWorld,
): Promise<ReadonlyMap<bigint, Map<bigint, Watcher>>> {
  const { oldest, newest } = spanOf(servers, lookbackNs);
  const { rows } = await sql<WatcherRow>`
    select ss.server_id, ss.monitor_id, ss.status, ${WITNESS_COLUMNS}, ${VOTE_COLUMNS}
    from server_scores ss
    left join log_scores l on l.id = ss.last_log_score_id and l.ts = ss.score_ts and l.ts between ${oldest} and ${newest}
    where ss.server_id = any(${servers.map(({ id }) => id)}::bigint[]) and ss.status in ('active', 'testing')`.execute(
    transaction,
  );
  const at = new Map(servers.map((server) => [server.id, server.at]));
  const watchers = new Map<bigint, Map<bigint, Watcher>>();
  const ahead = new Set<bigint>();
  for (const row of rows) {
    const monitorStatus = live.statuses.get(row.monitor_id);
    if (monitorStatus === undefined) continue;
    const until = at.get(row.server_id) ?? newest;
    if (row.score_ts !== null && row.score_ts > until) ahead.add(row.server_id);
    const isInTime = row.vote_id !== null && row.vote_ts <= until;
    const ofServer = watchers.get(row.server_id) ?? new Map<bigint, Watcher>();
    watchers.set(row.server_id, ofServer);
    const standing = standingOf(row.status);
    ofServer.set(row.monitor_id, {
      standing: { ...standing, monitorStatus },
      vote: isInTime ? voteOfRow({ ...row, vote_id: row.vote_id ?? 0n }, standing) : undefined,
      witness: witnessOf({ ...row, monitor_status: monitorStatus }, probeOf(row.server_id)),
    });
  }
  const behind = servers.filter(({ id }) => ahead.has(id));
  for (const row of await votesInHistory(transaction, behind, {
    statuses: ["active", "testing"],
    lookbackNs,
  })) {
    const watcher = watchers.get(row.server_id)?.get(row.monitor_id);
    if (watcher !== undefined) watcher.vote = voteOfRow(row, standingOf(row.status));
  }
  return watchers;
}

const standingOf = (
  assignment: AssignmentStatus,
): { readonly assignment: AssignmentStatus; readonly monitorVotes: true } => ({
  assignment,
  monitorVotes: true,
});

interface HistoryRow extends VoteColumns {
  readonly server_id: bigint;
  readonly status: AssignmentStatus;
}

/** Of each monitor that stands so to the server, the newest result up to the server's time. */
async function votesInHistory(
  transaction: Transaction<Schema>,
  servers: readonly Pick<ServerToLoad, "id" | "at">[],
  {
    statuses,
    lookbackNs,
  }: { readonly statuses: readonly AssignmentStatus[]; readonly lookbackNs: bigint },
): Promise<readonly HistoryRow[]> {
  if (servers.length === 0) return [];
  const { oldest, newest } = spanOf(servers, lookbackNs);
  const { rows } = await sql<HistoryRow>`
    select l.*, ss.status from (
      select distinct on (l.server_id, l.monitor_id) l.server_id, l.monitor_id, ${VOTE_COLUMNS}
      from unnest(${servers.map(({ id }) => id)}::bigint[], ${servers.map(({ at }) => at)}::timestamptz[])
        as wanted (server_id, at)
      join log_scores l on l.server_id = wanted.server_id and l.ts between ${oldest} and ${newest}
        and l.ts <= wanted.at and l.ts >= wanted.at - make_interval(secs => ${Number(lookbackNs / 1_000_000_000n)}::float8)
      order by l.server_id, l.monitor_id, l.ts desc, l.id desc
    ) l
    join server_scores ss on ss.server_id = l.server_id and ss.monitor_id = l.monitor_id
      and ss.status = any(${statuses}::text[])`.execute(transaction);
  return rows;
}

/** Their votes as of the servers' times, by server and monitor. */
export async function loadCandidates(
  transaction: Transaction<Schema>,
  servers: readonly Pick<ServerToLoad, "id" | "at">[],
  { live, lookbackNs }: Pick<LoadingWorld, "live" | "lookbackNs">,
): Promise<ReadonlyMap<bigint, Map<bigint, Vote>>> {
  const votes = new Map<bigint, Map<bigint, Vote>>(servers.map(({ id }) => [id, new Map()]));
  for (const row of await votesInHistory(transaction, servers, {
    statuses: ["candidate"],
    lookbackNs,
  })) {
    if (!live.statuses.has(row.monitor_id)) continue;
    votes.get(row.server_id)?.set(row.monitor_id, voteOfRow(row, standingOf(row.status)));
  }
  return votes;
}

/** Those of the results whose monitor is a candidate for its server. */
export async function resultsOfCandidates(
  transaction: Transaction<Schema>,
  results: readonly ScoredResult[],
): Promise<ReadonlySet<ScoredResult>> {
  if (results.length === 0) return new Set();
  const { rows } = await sql<{ readonly place: bigint }>`
    select wanted.place
    from unnest(
      ${results.map(({ serverId }) => serverId)}::bigint[], ${results.map(({ monitorId }) => monitorId)}::bigint[]
    ) with ordinality as wanted (server_id, monitor_id, place)
    join server_scores ss on ss.server_id = wanted.server_id and ss.monitor_id = wanted.monitor_id
      and ss.status = 'candidate'`.execute(transaction);
  const places = new Set(rows.map(({ place }) => Number(place) - 1));
  return new Set(results.filter((_, index) => places.has(index)));
}

function spanOf(
  servers: readonly Pick<ServerToLoad, "at">[],
  lookbackNs: bigint,
): {
  readonly oldest: Timestamptz;
  readonly newest: Timestamptz;
} {
  const [first] = servers;
  assert(first !== undefined, "there is at least one server");
  let { at: oldest, at: newest } = first;
  for (const { at } of servers) {
    if (at < oldest) oldest = at;
    if (at > newest) newest = at;
  }
  return { oldest: timestamptzFromNs(nsFromTimestamptz(oldest) - lookbackNs), newest };
}
