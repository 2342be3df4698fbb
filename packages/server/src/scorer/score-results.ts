// Gives each result its scores, and brings up to date everything that follows from it: server, history, sums, verdict.
// In a transaction of the caller, who holds the shards of the servers.

import type { Schema } from "@truechimer/database";
import { type RuleSet, ruleSetText, voteLookbackNs } from "@truechimer/scoring";
import type { Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import type { ProbePolicy } from "../policy.ts";
import type { RuleSetOf } from "../rules/rule-sets.ts";
import { type Reached, tellChanges, verdictNow } from "../verdict/reach-verdicts.ts";
import { addToSlots } from "./add-to-slots.ts";
import { type KnownServer, lockServers } from "./known-servers.ts";
import { type LiveMonitors, liveMonitors } from "./live-monitors.ts";
import { asOfNewest, loadCandidates, loadServers, resultsOfCandidates } from "./load-servers.ts";
import { noteLateResults, noteStandings } from "./note-order.ts";
import { readReferenceIds } from "./read-reference-ids.ts";
import type { ScoredResult } from "./scored-result.ts";
import type { ActiveScorers } from "./scorers.ts";
import { forgetAll, type ScorerMemory, type ServerState } from "./server-memory.ts";
import { needsCandidates, stepServer } from "./step-server.ts";
import { writeScores } from "./write-scores.ts";
import { writeServers } from "./write-servers.ts";

/** A server with its results, in the order of their times. */
interface Visit {
  readonly server: KnownServer;
  readonly results: readonly ScoredResult[];
  readonly state: ServerState;
}

export interface Scoring {
  readonly context: ServerContext;
  readonly scorers: ActiveScorers;
  readonly memory: ScorerMemory;
}

/** Results are in the order of their times. When it throws, the memory of their servers is worth nothing. */
export async function scoreResults(
  transaction: Transaction<Schema>,
  { context, scorers, memory }: Scoring,
  results: readonly ScoredResult[],
): Promise<void> {
  if (results.length === 0) return;
  const byServer = Map.groupBy(results, ({ serverId }) => serverId);
  const known = await lockServers(transaction, [...byServer.keys()]);
  const rulesOf = await context.ruleSets.ofResults(transaction, results);
  const world = { ...(await readWorld(transaction, context, memory)), rulesOf };
  const visits = await visitsOf(transaction, { known, byServer, world, scorers, memory });
  const ofCandidates = await resultsOfCandidates(
    transaction,
    visits.flatMap((visit) => perhapsOfCandidates(visit, world.live)),
  );
  const outcomes = visits.map(({ server, state, results: own }) =>
    stepServer({
      serverId: server.id,
      state,
      results: own,
      ofCandidates,
      probe: probeFor(server, world),
      rulesOf,
    }),
  );
  await noteLateResults(transaction, visits);
  const referenceIds = await readReferenceIds(transaction, visits, context.clock.monotonicNs());
  const reached = verdictsOf(context, visits, rulesOf);
  await writeScores(transaction, scorers, outcomes);
  await addToSlots(transaction, outcomes);
  const verdicts = new Map(reached.map((each) => [each.server.id, each]));
  await writeServers(transaction, outcomes, { referenceIds, verdicts });
  await tellChanges(context, transaction, reached);
}

interface World {
  readonly live: LiveMonitors;
  readonly probe: ProbePolicy;
  readonly labProbe: ProbePolicy;
}

interface RuledWorld extends World {
  readonly rulesOf: RuleSetOf;
}

/** A change in it makes the memory worthless. */
async function readWorld(
  transaction: Transaction<Schema>,
  { policy }: ServerContext,
  memory: ScorerMemory,
): Promise<World> {
  const probe = await probePolicyFor({ kysely: transaction }, policy, false);
  const live = await liveMonitors(transaction, memory.live);
  const policyText = JSON.stringify(probe);
  if (live !== memory.live || policyText !== memory.policy) forgetAll(memory);
  memory.live = live;
  memory.policy = policyText;
  return { live, probe, labProbe: policy.labProbe };
}

interface VisitInput {
  readonly known: ReadonlyMap<bigint, KnownServer>;
  readonly byServer: ReadonlyMap<bigint, readonly ScoredResult[]>;
  readonly world: RuledWorld;
  readonly scorers: ActiveScorers;
  readonly memory: ScorerMemory;
}

async function visitsOf(
  transaction: Transaction<Schema>,
  { known, byServer, world, scorers, memory }: VisitInput,
): Promise<readonly Visit[]> {
  const lookbackNs = lookbackOf([...byServer.values()].flat(), world.rulesOf);
  const wanted = [...known.values()].flatMap((server) => {
    const results = byServer.get(server.id) ?? [];
    const [first] = results;
    return first === undefined ? [] : [{ id: server.id, server, results, at: first.at }];
  });
  const unknown = wanted.filter(
    ({ id, server }) => !isFresh(memory.servers.get(id), { server, scorers, lookbackNs }),
  );
  const loaded = await loadServers(
    transaction,
    unknown.map(({ id, at, server }) => ({
      id,
      at,
      assignmentsVersion: server.assignments_version,
      createdOn: server.created_on,
    })),
    { ...world, scorers, lookbackNs, probeOf: (id) => probeFor(known.get(id), world) },
  );
  for (const [id, state] of loaded) memory.servers.set(id, state);
  await noteStandings(
    transaction,
    unknown.flatMap(({ id, results: [first] }) => {
      const state = loaded.get(id);
      return state === undefined || first === undefined ? [] : [{ serverId: id, state, first }];
    }),
  );
  const visits = wanted.flatMap(({ id, server, results, at }) => {
    const state = memory.servers.get(id);
    return state === undefined ? [] : [{ id, at, server, results, state }];
  });
  const alone = visits.filter(({ state, results }) =>
    needsCandidates(state, results, world.rulesOf),
  );
  const candidates = await loadCandidates(
    transaction,
    alone.map(({ id, at, state }) => ({ id, at: asOfNewest(at, state.newestNs) })),
    { live: world.live, lookbackNs },
  );
  for (const { id, state } of alone) state.candidates = candidates.get(id);
  return visits;
}

function isFresh(
  state: ServerState | undefined,
  {
    server,
    scorers,
    lookbackNs,
  }: {
    readonly server: KnownServer;
    readonly scorers: ActiveScorers;
    readonly lookbackNs: bigint;
  },
): boolean {
  return (
    state?.assignmentsVersion === server.assignments_version &&
    state.createdOn === server.created_on &&
    state.lookbackNs >= lookbackNs &&
    state.scorers.size === scorers.size &&
    [...scorers.keys()].every((name) => state.scorers.has(name))
  );
}

/** By the sets of these results. */
function lookbackOf(results: readonly ScoredResult[], rulesOf: RuleSetOf): bigint {
  let most = 0n;
  for (const rules of new Set<RuleSet>(results.map(rulesOf))) {
    const lookbackNs = voteLookbackNs(rules);
    if (lookbackNs > most) most = lookbackNs;
  }
  return most;
}

function probeFor(server: Pick<KnownServer, "lab"> | undefined, world: World): ProbePolicy {
  return server?.lab === true ? world.labProbe : world.probe;
}

/** While no active or testing monitor has a vote, candidates may have one. */
function perhapsOfCandidates(
  { state, results }: Visit,
  live: LiveMonitors,
): readonly ScoredResult[] {
  if (state.candidates === undefined) return [];
  return results.filter(
    ({ monitorId }) => !state.watchers.has(monitorId) && live.statuses.has(monitorId),
  );
}

/** Paused and removed servers keep the verdict that they had. The set is that of the server's last result. */
function verdictsOf(
  context: ServerContext,
  visits: readonly Visit[],
  rulesOf: RuleSetOf,
): readonly Reached[] {
  return visits.flatMap(({ server, state, results }) => {
    const last = results.at(-1);
    if (server.state !== "watched" || last === undefined) return [];
    const witnesses = [...state.watchers.values()].map(({ witness }) => witness);
    const rules = rulesOf(last);
    const verdict = verdictNow(context, server, { witnesses, rules });
    return [{ server, verdict, ruleSet: ruleSetText(rules) }];
  });
}
