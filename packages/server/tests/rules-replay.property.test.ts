// A replay of the stored history gives exactly what was stored: over random histories whose results come late, whose monitors
// change their standing, and whose rule set changes on the way.

import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import {
  BUILT_IN_RULE_DOCUMENTS,
  NTP_POOL_EVERY,
  NTP_POOL_RECENT_MEDIAN,
  nextScore,
  parseRuleSet,
  type RuleSet,
  ruleSetText,
  scoreStep,
} from "@truechimer/scoring";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import {
  prepareReplay,
  type ReplayedPoint,
  replayServer,
  type ServerFinding,
} from "../src/rules/replay-server.ts";
import { createRuleSets } from "../src/rules/rule-sets.ts";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { createScorerWorker } from "../src/scorer/scorer-worker.ts";
import { createServerMetrics } from "../src/server-metrics.ts";

const database = await useDatabase({ poolSize: 5 });
const { kysely } = database;
const BEGIN_NS = (systemClock.nowNs() / 1_000_000_000n) * 1_000_000_000n - 10n * 3_600_000_000_000n;
const SERVERS = 2;
const MONITORS = 5;

/** Other steps, another decay, another attempt: nothing of it is the NTP Pool's. */
const STRICT_DOCUMENT = {
  ...structuredClone(BUILT_IN_RULE_DOCUMENTS[0]),
  name: "strict",
  decay: 0.9,
  steps: [
    { rule: "agent_fault", when: { agent_fault: true }, counts: false },
    { rule: "silent", when: { no_response: true }, step: -7, cap: 3 },
    { rule: "failed", when: { failed: true }, step: -6 },
    { rule: "far", when: { offset_above: "10ms" }, step: 0.5, step_per_second: -5 },
    { rule: "near", step: 2 },
  ],
  recent_median: [
    { statuses: ["active", "testing"], lookback: "10m" },
    { statuses: ["candidate"], lookback: "1h" },
  ],
  verdict: { offset_limit: "5ms", witnesses_min: 2 },
};
const STRICT = rulesOf(STRICT_DOCUMENT);
const SETS = [NTP_POOL_RECENT_MEDIAN, NTP_POOL_EVERY, STRICT];

function rulesOf(document: unknown): RuleSet {
  const parsed = parseRuleSet(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

let nowNs = BEGIN_NS;
const metricsRegistry = createMetrics({ version: "0.0.0-test" });
const context = {
  database,
  clock: { ...systemClock, nowNs: () => nowNs, monotonicNs: () => systemClock.monotonicNs() },
  random: systemRandom,
  logger: silentLogger,
  metrics: createServerMetrics(metricsRegistry),
  metricsRegistry,
  policy: LOCAL_POLICY,
  ruleSets: createRuleSets(),
} as unknown as ServerContext;

interface Result {
  readonly kind: "result";
  readonly server: number;
  readonly monitor: number;
  /** After the newest so far; negative: it comes late. */
  readonly laterSeconds: number;
  readonly offsetMs: number | undefined;
  readonly reason: string | undefined;
}

type Happening =
  | Result
  | {
      readonly kind: "standing";
      readonly server: number;
      readonly monitor: number;
      readonly status: string;
    }
  | { readonly kind: "rules"; readonly set: number }
  /** The scorer looks. */
  | { readonly kind: "pass" };

const ids = {
  server: fc.integer({ min: 1, max: SERVERS }),
  monitor: fc.integer({ min: 1, max: MONITORS }),
};
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("result" as const),
      ...ids,
      laterSeconds: fc.integer({ min: -900, max: 400 }),
      offsetMs: fc.option(
        fc.integer({ min: -4_000, max: 4_000 }).map((n) => n / 10),
        { nil: undefined },
      ),
      reason: fc.constantFrom(undefined, undefined, undefined, "timeout", "bad_stratum"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("standing" as const),
      ...ids,
      status: fc.constantFrom("active", "testing", "candidate"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rules" as const), set: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.constant({ kind: "pass" as const }) },
);

/** Servers and monitors of their own for each history: nothing has to be emptied. */
interface Fleet {
  readonly servers: readonly bigint[];
  readonly monitors: readonly bigint[];
}

async function newFleet(): Promise<Fleet> {
  nowNs = BEGIN_NS;
  fleets += 1;
  const servers = await sql<{ readonly id: bigint }>`
    insert into servers (name, ip, port, ip_version)
    select 's' || i, ('192.0.2.' || i)::inet, ${1_000 + fleets}, 'v4' from generate_series(1, ${SERVERS}::int) i
    returning id`.execute(kysely);
  const monitors = await sql<{ readonly id: bigint }>`
    insert into monitors (id_token, hostname, ip, ip_version, status)
    select 'm' || ${fleets}::int || '-' || i, 'm', ('198.51.100.' || i)::inet, 'v4', 'active' from generate_series(1, ${MONITORS}::int) i
    returning id`.execute(kysely);
  const fleet = {
    servers: servers.rows.map(({ id }) => id),
    monitors: monitors.rows.map(({ id }) => id),
  };
  await sql`insert into server_scores (server_id, monitor_id, status, created_on)
    select s, m, case place when 1 then 'active' when 2 then 'active' when 3 then 'testing' else 'candidate' end,
      ${timestamptzFromNs(BEGIN_NS)}
    from unnest(${fleet.servers}::bigint[]) s cross join unnest(${fleet.monitors}::bigint[]) with ordinality m (m, place)`.execute(
    kysely,
  );
  return fleet;
}

let fleets = 0;
await sql`insert into rule_sets (name, version, document) values ('strict', 1, ${JSON.stringify(STRICT_DOCUMENT)})`.execute(
  kysely,
);
const scorer = createScorerWorker({ ...context, replicaId: createUlid(systemClock, systemRandom) });
afterAll(() => scorer[Symbol.asyncDispose]());

interface World {
  readonly fleet: Fleet;
  rules: RuleSet;
  newestNs: bigint;
  readonly scores: Map<string, number>;
  readonly taken: Set<bigint>;
}

/** As a submission does. */
async function store(world: World, result: Result): Promise<void> {
  const { reason } = result;
  const server = world.fleet.servers[result.server - 1] ?? 0n;
  const monitor = world.fleet.monitors[result.monitor - 1] ?? 0n;
  const wishedNs = world.newestNs + BigInt(result.laterSeconds) * 1_000_000_000n;
  let atNs = wishedNs < BEGIN_NS ? BEGIN_NS : wishedNs;
  // The time of a result of a monitor is its own.
  while (world.taken.has(atNs)) atNs += 1_000n;
  world.taken.add(atNs);
  if (atNs > world.newestNs) world.newestNs = atNs;
  const offsetNs =
    result.offsetMs === undefined ? undefined : BigInt(Math.round(result.offsetMs * 1e6));
  const noResponse = reason === "timeout";
  const step = scoreStep({ noResponse, reason, offsetNs, stratum: 2 }, world.rules);
  const key = `${server} ${monitor}`;
  const before = world.scores.get(key) ?? 0;
  const score = nextScore(before, step, world.rules);
  world.scores.set(key, score);
  const at = timestamptzFromNs(atNs);
  await sql`
    with logged as (
      insert into log_scores (ts, server_id, monitor_id, score_before, step, score, rule, offset_ns, bound_ns, rtt_ns,
        stratum, reason, no_response)
      values (${at}, ${server}, ${monitor}, ${before}, ${step.step}, ${score}, ${`${ruleSetText(world.rules)}/${step.rule}`},
        ${offsetNs ?? null}, 100000, ${BigInt(result.monitor) * 1_000_000n}, 2, ${reason ?? null}, ${noResponse})
      returning id, ts
    )
    update server_scores ss set score_raw = ${score},
      score_ts = greatest(ss.score_ts, logged.ts),
      last_log_score_id = case when ss.score_ts is null or ss.score_ts <= logged.ts then logged.id else ss.last_log_score_id end,
      reason = case when ss.score_ts is null or ss.score_ts <= logged.ts then ${reason ?? null} else ss.reason end,
      last_answer_ts = case when ss.score_ts is null or ss.score_ts <= logged.ts then
        case when ${reason === undefined && offsetNs !== undefined} then logged.ts else ss.last_answer_ts end else ss.last_answer_ts end,
      answer_offset_ns = case when (ss.score_ts is null or ss.score_ts <= logged.ts) and ${reason === undefined && offsetNs !== undefined}
        then ${offsetNs ?? null}::bigint else ss.answer_offset_ns end,
      answer_bound_ns = 100000
    from logged where ss.server_id = ${server} and ss.monitor_id = ${monitor}`.execute(kysely);
}

async function play(happenings: readonly Happening[]): Promise<Fleet> {
  const fleet = await newFleet();
  const world: World = {
    fleet,
    rules: NTP_POOL_RECENT_MEDIAN,
    newestNs: BEGIN_NS,
    scores: new Map(),
    taken: new Set(),
  };
  for (const each of [...happenings, { kind: "pass" } as const]) {
    if (each.kind === "result") await store(world, each);
    if (each.kind === "rules") world.rules = SETS[each.set] ?? STRICT;
    if (each.kind === "standing") {
      // A standing counts for what is scored from then on, and so would it for what waits.
      await drain(world);
      await sql`
        update server_scores set status = ${each.status}
        where server_id = ${fleet.servers[each.server - 1]} and monitor_id = ${fleet.monitors[each.monitor - 1]}`.execute(
        kysely,
      );
    }
    if (each.kind === "pass") await drain(world);
  }
  const aside = await sql<{
    readonly last_error: string;
  }>`select last_error from scorer_set_aside`.execute(kysely);
  expect(aside.rows).toEqual([]);
  return fleet;
}

async function drain(world: World): Promise<void> {
  nowNs = world.newestNs;
  do await scorer.pass();
  while ((await scorerLag(kysely)).results > 0n);
}

interface Replayed {
  readonly finding: ServerFinding;
  readonly points: readonly ReplayedPoint[];
}

async function replayed({ servers }: Fleet, tried: RuleSet): Promise<readonly Replayed[]> {
  const replay = await prepareReplay(context, { fromNs: BEGIN_NS, toNs: nowNs, tried });
  const all: Replayed[] = [];
  for (const id of servers) {
    const points: ReplayedPoint[] = [];
    const server = { id, name: `s${id}`, lab: false };
    const finding = await replayServer(context, {
      replay,
      server,
      pace: { rest: () => Promise.resolve() },
      see: (point) => points.push(point),
    });
    all.push({ finding, points });
  }
  return all;
}

async function storedServers({ servers }: Fleet) {
  const { rows } = await sql<{
    readonly id: bigint;
    readonly score: number | null;
    readonly verdict: string;
  }>`
    select id, score_raw as score, verdict from servers where id = any(${servers}::bigint[]) order by id`.execute(
    kysely,
  );
  return rows;
}

/** Each run is a history on a real database; a failure is told as it is found. */
const OF_A_DATABASE = { numRuns: 8, endOnFailure: true } as const;

test("under the rules by which it was made a history replays to what was stored, to the last bit", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 20, maxLength: 80 }), async (happenings) => {
      const fleet = await play(happenings);
      const servers = await storedServers(fleet);
      for (const [index, { finding }] of (await replayed(fleet, STRICT)).entries()) {
        expect(finding.scoresReproduced).toBe(finding.scoresCompared);
        compared += finding.scoresCompared;
        if (finding.last === undefined) continue;
        expect(finding.last.score ?? null).toBe(servers[index]?.score ?? null);
      }
    }),
    OF_A_DATABASE,
  );
  expect(compared).toBeGreaterThan(20);
});

test("under the same rules once more nothing differs, and the verdict is the one that stands", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 10, maxLength: 40 }),
      fc.constantFrom(...SETS),
      async (happenings, rules) => {
        const own = SETS.indexOf(rules);
        const ruled = happenings.map((each) =>
          each.kind === "rules" ? { ...each, set: own } : each,
        );
        const fleet = await play([{ kind: "rules", set: own }, ...ruled]);
        const servers = await storedServers(fleet);
        for (const [index, { finding }] of (await replayed(fleet, rules)).entries()) {
          expect(finding.resultsSteppedOtherwise).toBe(0);
          expect(finding.firstDifference).toBeUndefined();
          expect(finding.verdictDiffersNs).toBe(0n);
          // What goes on from result to result begins with what was stored, where the two begin alike.
          if (rules.overall === "recent_median") expect(finding.greatest).toBeUndefined();
          const { last } = finding;
          if (last === undefined) continue;
          expect(last.verdictTried.verdict).toBe(last.verdict.verdict);
          const lastResult = await sql<{ readonly scored: boolean }>`
            select max(ts) = ${timestamptzFromNs(nowNs)} as scored from log_scores l join monitors m on m.id = l.monitor_id
            where m.type = 'monitor' and server_id = ${fleet.servers[index]}`.execute(kysely);
          if (lastResult.rows[0]?.scored === true)
            expect(last.verdict.verdict).toBe(servers[index]?.verdict);
        }
      },
    ),
    OF_A_DATABASE,
  );
});
