// One server's stored history twice at once: under the rules by which it was made, which must give what was stored, and under
// those that are tried. What differs is measured as it goes; nothing is kept but a page of results.

import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
  type VerdictName,
} from "@truechimer/database";
import { type RuleSet, ruleSetText, type Verdict, voteLookbackNs } from "@truechimer/scoring";
import { type Kysely, sql } from "kysely";
import type { Pace } from "../analytics-api/pace.ts";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import type { ProbePolicy } from "../policy.ts";
import { EVERY_SCORER, RECENT_MEDIAN_SCORER, type ScorerName } from "../scorer/scorers.ts";
import type { ServerOutcome } from "../scorer/step-server.ts";
import {
  lateResults,
  type ReplayQuestion,
  replayPages,
  ScoringOrder,
  type StandingsFrom,
  type StoredResult,
  type StoredScore,
  standingsOver,
} from "./replay-rows.ts";
import { ReplayedSide } from "./replayed-side.ts";
import { isReproduced, Restepping } from "./restep.ts";
import type { RuleSetOf } from "./rule-sets.ts";

export interface ServerToReplay {
  readonly id: bigint;
  readonly name: string;
  readonly lab: boolean;
}

/** What is replayed. Both instants belong to the range. */
export interface Replay {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly tried: RuleSet;
  /** In force. */
  readonly active: RuleSet;
  readonly probe: ProbePolicy;
  readonly scorers: ReadonlyMap<ScorerName, bigint>;
}

/** How a server stands after a result, or when its verdict changes by time alone. */
export interface ReplayedPoint {
  readonly atNs: bigint;
  readonly score: number | undefined;
  readonly scoreTried: number | undefined;
  readonly verdict: Verdict;
  readonly verdictTried: Verdict;
}

/** Within the range. */
export interface ServerFinding {
  readonly server: ServerToReplay;
  results: number;
  resultsSteppedOtherwise: number;
  scoresCompared: number;
  scoresReproduced: number;
  /** Nanoseconds. */
  verdictDiffersNs: bigint;
  /** The first point at which the verdicts differ. */
  firstDifference: ReplayedPoint | undefined;
  /** Where the scores differ the most. */
  greatest: { readonly atNs: bigint; readonly difference: number } | undefined;
  /** The last point. Absent: nothing is known of the server in the range. */
  last: ReplayedPoint | undefined;
  /** How often a step became which. */
  stepChanges: ReadonlyMap<string, number>;
}

export const SCORE_DIFFERS_FROM = 0.1;
/** A silence of three of the longest intervals is known at the beginning of the range, whatever the intervals are. */
const WARM_UP_MIN_NS = 6n * 3_600_000_000_000n;

export async function prepareReplay(
  context: ServerContext,
  range: Pick<Replay, "fromNs" | "toNs" | "tried">,
): Promise<Replay> {
  const { kysely } = context.database;
  const [active, probe, scorers] = await Promise.all([
    context.ruleSets.active(kysely),
    probePolicyFor({ kysely }, context.policy, false),
    kysely.selectFrom("monitors").select(["id", "hostname"]).where("type", "=", "score").execute(),
  ]);
  const ids = new Map(scorers.map(({ hostname, id }) => [hostname, id]));
  const known = [EVERY_SCORER, RECENT_MEDIAN_SCORER].flatMap((name) => {
    const id = ids.get(name);
    return id === undefined ? [] : [[name, id] as const];
  });
  return { ...range, active, probe, scorers: new Map(known) };
}

/** `see` is told each point within the range. */
export async function replayServer(
  context: ServerContext,
  { replay, server, pace, see }: ServerReplayInput,
): Promise<ServerFinding> {
  const { kysely } = context.database;
  const { fromNs, toNs, tried, active, scorers } = replay;
  const question: ReplayQuestion = {
    serverId: server.id,
    from: timestamptzFromNs(fromNs - warmUpNs(tried, active)),
    to: timestamptzFromNs(toNs + 1_000n),
    scorers,
  };
  const [late, standings, watchingSinceNs] = await Promise.all([
    lateResults(kysely, question),
    standingsOver(kysely, question),
    watchingSince(kysely, server.id),
  ]);
  const sets = new Map<string, RuleSet>([[ruleSetText(tried), tried]]);
  const rulesOf: RuleSetOf = ({ rule }) => sets.get(rule.split("/", 2).join("/")) ?? active;
  const probe = server.lab ? context.policy.labProbe : replay.probe;
  const world = {
    serverId: server.id,
    lab: server.lab,
    policy: context.policy,
    probe,
    watchingSinceNs,
  };
  const run = new ServerRun({
    server,
    fromNs,
    toNs,
    stored: new ReplayedSide(world, rulesOf, active),
    tried: new ReplayedSide(world, () => tried, tried),
    triesEvery: tried.overall === "every",
    standings,
    rulesOf,
    see,
  });
  const restepping = new Restepping(tried, rulesOf);
  const order = new ScoringOrder<ReplayedResult>(late);
  for await (const { results, scores } of replayPages(kysely, question)) {
    await learnSets(context, results, sets);
    run.learn(scores);
    const restepped = restepping.page(results, ({ atNs }) => atNs >= fromNs);
    const rows = results.map((stored) => ({
      id: stored.id,
      atNs: stored.atNs,
      stored,
      tried: restepped.get(stored.id) ?? stored,
    }));
    for (const row of order.next(rows)) {
      run.take(row);
      await pace.rest();
    }
  }
  for (const row of order.rest()) run.take(row);
  return run.end(restepping.changes);
}

export interface ServerReplayInput {
  readonly replay: Replay;
  readonly server: ServerToReplay;
  readonly pace: Pick<Pace, "rest">;
  readonly see?: (point: ReplayedPoint) => void;
}

function warmUpNs(tried: RuleSet, active: RuleSet): bigint {
  return [voteLookbackNs(tried), voteLookbackNs(active)].reduce(
    (most, each) => (each > most ? each : most),
    WARM_UP_MIN_NS,
  );
}

/** A set is never another one of the same name: what is tried under a name that is stored is what was stored. */
async function learnSets(
  { ruleSets, database }: ServerContext,
  results: readonly StoredResult[],
  sets: Map<string, RuleSet>,
): Promise<void> {
  const rulesOf = await ruleSets.ofResults(database.kysely, results);
  for (const result of results) sets.set(result.rule.split("/", 2).join("/"), rulesOf(result));
}

async function watchingSince(
  kysely: Kysely<Schema>,
  serverId: bigint,
): Promise<ReadonlyMap<bigint, bigint>> {
  const { rows } = await sql<{ readonly monitor_id: bigint; readonly created_on: Timestamptz }>`
    select monitor_id, created_on from server_scores where server_id = ${serverId}`.execute(kysely);
  return new Map(
    rows.map(({ monitor_id, created_on }) => [monitor_id, nsFromTimestamptz(created_on)]),
  );
}

interface ReplayedResult {
  readonly id: bigint;
  readonly atNs: bigint;
  readonly stored: StoredResult;
  readonly tried: StoredResult;
}

interface RunOptions {
  readonly server: ServerToReplay;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly stored: ReplayedSide;
  readonly tried: ReplayedSide;
  readonly triesEvery: boolean;
  readonly standings: readonly StandingsFrom[];
  readonly rulesOf: RuleSetOf;
  readonly see?: ((point: ReplayedPoint) => void) | undefined;
}

/** Both sides, and what differs between them so far. */
class ServerRun {
  readonly #options: RunOptions;
  readonly #finding: ServerFinding;
  readonly #scores = new Map<bigint, readonly StoredScore[]>();
  /** Scorers whose score goes on from one that was stored. */
  readonly #seeded = new Set<ScorerName>();
  /** Place of the one that counts. */
  #standing = -1;
  #nowNs: bigint | undefined;
  #verdicts: readonly [VerdictName, VerdictName] | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#finding = {
      server: options.server,
      results: 0,
      resultsSteppedOtherwise: 0,
      scoresCompared: 0,
      scoresReproduced: 0,
      verdictDiffersNs: 0n,
      firstDifference: undefined,
      greatest: undefined,
      last: undefined,
      stepChanges: new Map(),
    };
  }

  learn(scores: ReadonlyMap<bigint, readonly StoredScore[]>): void {
    for (const [resultId, stored] of scores) this.#scores.set(resultId, stored);
  }

  take(row: ReplayedResult): void {
    const { stored, tried, fromNs, rulesOf } = this.#options;
    const atNs = this.#nowNs === undefined || row.atNs > this.#nowNs ? row.atNs : this.#nowNs;
    this.#passTime(atNs);
    this.#stand(row);
    const scores = this.#scores.get(row.id) ?? [];
    this.#scores.delete(row.id);
    this.#seed(row, scores);
    const outcome = stored.take(row.stored);
    tried.take(row.tried);
    if (row.atNs >= fromNs) {
      const finding = this.#finding;
      finding.results += 1;
      if (row.stored.step !== row.tried.step) finding.resultsSteppedOtherwise += 1;
      finding.scoresCompared += 1;
      if (isReproduced(row.stored, rulesOf(row.stored))) finding.scoresReproduced += 1;
      this.#compare(outcome, scores);
    }
    this.#nowNs = atNs;
    this.#note(atNs);
  }

  end(stepChanges: ReadonlyMap<string, number>): ServerFinding {
    this.#passTime(this.#options.toNs);
    this.#countDifference(this.#options.toNs);
    return { ...this.#finding, stepChanges };
  }

  /** Verdicts change when nothing comes in as well. */
  #passTime(toNs: bigint): void {
    const { stored, tried } = this.#options;
    const fromNs = this.#nowNs;
    if (fromNs === undefined || toNs <= fromNs) return;
    const points = [...stored.turningPoints(fromNs, toNs), ...tried.turningPoints(fromNs, toNs)];
    for (const atNs of [...new Set(points)].toSorted((a, b) => (a < b ? -1 : 1))) this.#note(atNs);
  }

  /** From the result on that the scorers counted with it first. */
  #stand({ id }: ReplayedResult): void {
    const { stored, tried, standings } = this.#options;
    const known = this.#standing;
    const next = standings.findIndex(({ fromId }, index) => index > known && fromId === id);
    const reached = next >= 0 ? next : Math.max(0, known);
    const entry = standings[reached];
    if (reached === known || entry === undefined) return;
    this.#standing = reached;
    stored.stand(entry.standings);
    tried.stand(entry.standings);
  }

  /** Scores that go on from one to the next begin with the first that was stored; under other rules with the same one. */
  #seed({ stored: result }: ReplayedResult, scores: readonly StoredScore[]): void {
    const { stored, tried, triesEvery } = this.#options;
    for (const { scorer, scoreBefore } of scores) {
      if (scoreBefore === null || this.#seeded.has(scorer)) continue;
      this.#seeded.add(scorer);
      stored.scorer(scorer).score = scoreBefore;
      tried.scorer(scorer).score = scoreBefore;
      if (triesEvery && scorer === EVERY_SCORER)
        tried.scorer(RECENT_MEDIAN_SCORER).score = scoreBefore;
    }
    if (!triesEvery || this.#seeded.size > 0 || tried.overall !== undefined) return;
    tried.scorer(RECENT_MEDIAN_SCORER).score = result.scoreBefore ?? 0;
  }

  #compare({ scorers }: ServerOutcome, scores: readonly StoredScore[]): void {
    for (const { scorer, last } of scorers) {
      const known = scores.find((each) => each.scorer === scorer);
      if (known === undefined) continue;
      this.#finding.scoresCompared += 1;
      if (known.score === last.score) this.#finding.scoresReproduced += 1;
    }
  }

  #note(atNs: bigint): void {
    const { stored, tried, fromNs, toNs, see } = this.#options;
    const point: ReplayedPoint = {
      atNs,
      score: stored.overall,
      scoreTried: tried.overall,
      verdict: stored.judge(atNs),
      verdictTried: tried.judge(atNs),
    };
    this.#countDifference(atNs);
    this.#verdicts = [point.verdict.verdict, point.verdictTried.verdict];
    const finding = this.#finding;
    finding.last = point;
    if (atNs < fromNs || atNs > toNs) return;
    see?.(point);
    const { score, scoreTried, verdict, verdictTried } = point;
    if (verdict.verdict !== verdictTried.verdict) finding.firstDifference ??= point;
    if (score === undefined || scoreTried === undefined || score === scoreTried) return;
    const difference = scoreTried - score;
    if (Math.abs(difference) > Math.abs(finding.greatest?.difference ?? 0))
      finding.greatest = { atNs, difference };
  }

  /** Up to an instant the verdicts are those of the point before it. */
  #countedToNs: bigint | undefined;
  #countDifference(toNs: bigint): void {
    const { fromNs } = this.#options;
    const beganNs =
      this.#countedToNs === undefined || this.#countedToNs < fromNs ? fromNs : this.#countedToNs;
    this.#countedToNs = toNs;
    const [verdict, verdictTried] = this.#verdicts ?? [];
    if (verdict !== verdictTried && toNs > beganNs)
      this.#finding.verdictDiffersNs += toNs - beganNs;
  }
}
