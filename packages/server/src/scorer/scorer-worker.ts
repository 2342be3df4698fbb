// One scorer of this process: its leases, its memory, and one pass after the other over what is new.

import { type ResultsPosition, readCommittedResults } from "@truechimer/database";
import { withSpan } from "@truechimer/telemetry";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { retryServer, scorePage } from "./score-page.ts";
import type { Scoring } from "./score-results.ts";
import { type ActiveScorers, activeScorers } from "./scorers.ts";
import { createScorerMemory, forgetAll, forgetShards } from "./server-memory.ts";
import {
  type HeldShards,
  keepLeases,
  LEASE_LOOK_MS,
  releaseShards,
  SHORT_LOOK_MS,
} from "./shard-leases.ts";
import { SHARDS } from "./shards.ts";

/** How soon it is noticed that a scorer was paused or resumed. */
const SCORERS_FRESH_NS = 30_000_000_000n;
/** Label of what the scorers do in one transaction. */
const ALL_SCORERS = { scorer: "all" };
const NS_PER_MS = 1_000_000n;
/** Servers that are tried again in one pass: between passes the leases are looked after. */
const RETRIES_MAX = 10;

export interface Pass {
  /** Results that were scored, or set aside. */
  readonly results: number;
  /** More was there than fitted a page. */
  readonly more: boolean;
}

export interface ScorerWorker extends AsyncDisposable {
  /** Never two at a time. */
  pass(): Promise<Pass>;
  readonly held: HeldShards;
}

/** Disposing hands the shards back. */
export function createScorerWorker(context: ServerContext): ScorerWorker {
  const memory = createScorerMemory();
  let held: HeldShards = new Map();
  let nextLookNs: bigint | undefined;
  let known: { readonly scorers: ActiveScorers; readonly askedAtNs: bigint } | undefined;
  /** Where all shards were when nothing more was there; looked at without a lock. */
  let position: ResultsPosition | undefined;

  const scorersNow = async (): Promise<ActiveScorers> => {
    const nowNs = context.clock.monotonicNs();
    if (known === undefined || nowNs - known.askedAtNs > SCORERS_FRESH_NS) {
      known = { scorers: await activeScorers(context), askedAtNs: nowNs };
    }
    return known.scorers;
  };
  const lookAtLeases = async (): Promise<void> => {
    const nowNs = context.clock.monotonicNs();
    if (nextLookNs !== undefined && nowNs < nextLookNs) return;
    const before = held;
    const { held: now, short } = await keepLeases(context, held);
    held = now;
    nextLookNs = nowNs + BigInt(short ? SHORT_LOOK_MS : LEASE_LOOK_MS) * NS_PER_MS;
    const changed = new Set<number>();
    for (let shard = 0; shard < SHARDS; shard += 1) {
      if (before.get(shard) !== held.get(shard)) changed.add(shard);
    }
    if (changed.size === 0) return;
    forgetShards(memory, changed);
    position = undefined;
  };
  const isIdle = async (scorers: ActiveScorers): Promise<boolean> => {
    if (position === undefined) return false;
    const next = await readCommittedResults(context.database.kysely, position, {
      resultsMax: 1,
      exceptMonitorIds: [...scorers.values()],
    });
    return next.kind === "page" && next.complete && next.commits.length === 0;
  };
  const scoreNew = async (scoring: Scoring): Promise<Pass> => {
    if (await isIdle(scoring.scorers)) return { results: 0, more: false };
    position = undefined;
    const startedNs = context.clock.monotonicNs();
    const page = await withSpan("score page", {}, async (span) => {
      const scored = await scorePage(scoring, held);
      span.setAttribute("truechimer.rows", scored.results);
      return scored;
    });
    if (page.lost.size > 0) held = new Map([...held].filter(([shard]) => !page.lost.has(shard)));
    position = page.position;
    note(context, scoring.scorers, page.results, startedNs);
    return { results: page.results, more: !page.complete };
  };
  return {
    get held() {
      return held;
    },
    pass: async () => {
      try {
        await lookAtLeases();
        if (held.size === 0) return { results: 0, more: false };
        const scoring = { context, memory, scorers: await scorersNow() };
        const { results, more } = await scoreNew(scoring);
        const due = await dueServers(context, held);
        let retried = 0;
        for (const serverId of due) retried += await retryServer(scoring, held, serverId);
        return { results: results + retried, more: more || due.length === RETRIES_MAX };
      } catch (error) {
        position = undefined;
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      const mine = held;
      held = new Map();
      forgetAll(memory);
      if (mine.size > 0) await releaseShards(context, mine);
    },
  };
}

function note(
  { metrics, clock }: ServerContext,
  scorers: ActiveScorers,
  results: number,
  startedNs: bigint,
): void {
  if (results === 0) return;
  metrics.scorerSeconds.observe(ALL_SCORERS, Number(clock.monotonicNs() - startedNs) / 1e9);
  for (const scorer of scorers.keys()) metrics.scorerRows.inc({ scorer }, results);
}

/** Servers of our shards that are set aside and are to be tried again. */
async function dueServers(
  { database }: ServerContext,
  held: HeldShards,
): Promise<readonly bigint[]> {
  const { rows } = await sql<{ readonly server_id: bigint }>`
    select server_id from scorer_set_aside
    where retry_at <= now() and server_id % ${SHARDS}::bigint = any(${[...held.keys()]}::bigint[])
    order by retry_at limit ${RETRIES_MAX}`.execute(database.kysely);
  return rows.map(({ server_id }) => server_id);
}
