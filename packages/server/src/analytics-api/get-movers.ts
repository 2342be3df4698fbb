// GetMovers: which servers have changed the most since the time before, and how the scores are distributed.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import {
  CheckTally,
  CoverageWatch,
  type Moved,
  type ServerScore,
  scanInSlices,
  scoreBins,
  worstMovers,
} from "@truechimer/history";
import { sql } from "kysely";
import { FAMILIES, VERDICTS } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { RECENT_MEDIAN_SCORER } from "../scorer/scorers.ts";
import {
  type AnalyticsQuestion,
  askHistory,
  rangeMessage,
  timestampFromUs,
} from "./analytics-range.ts";
import { type CheckFilter, checkFilter, filteredVisit } from "./check-filter.ts";
import {
  countWithin,
  figuresMessage,
  knownField,
  measureFrom,
  measureMessage,
} from "./figures-message.ts";
import { type Fleet, loadFleet, serverNamed } from "./fleet.ts";
import { Pace } from "./pace.ts";

const MOVERS = { normal: 20, max: 100 } as const;

export async function getMovers(
  context: ActingContext,
  request: analyticsV1.GetMoversRequest,
  signal: AbortSignal,
): Promise<analyticsV1.GetMoversResponse> {
  const measure = measureFrom(request.measure);
  const moversMax = countWithin("movers_max", request.moversMax, MOVERS);
  const filter = checkFilter(requestFilter(context, "checks", request.filter));
  const [fleet, scorerId] = await Promise.all([loadFleet(context), overallScorer(context)]);
  const asked = await askHistory(context, request);
  const middleUs = asked.window.fromUs;
  const window = { fromUs: 2 * middleUs - asked.window.toUs, toUs: asked.window.toUs };
  const question = { ...asked, window, watch: new CoverageWatch(asked.store, window) };
  const pace = new Pace(context.clock, signal);
  const { moved, scores } = await bothTimes(question, { middleUs, fleet, filter, scorerId, pace });
  const found = worstMovers(moved, { measure, moversMax });
  const checks = moved.reduce((sum, { before, after }) => sum + before.checks + after.checks, 0);
  return create(analyticsV1.GetMoversResponseSchema, {
    range: rangeMessage(question, checks),
    measure: measureMessage(measure),
    middle: timestampFromUs(middleUs),
    movers: found.movers.map(({ serverId, before, after, change }) => {
      const server = serverNamed(fleet, BigInt(serverId));
      return create(analyticsV1.MoverSchema, {
        serverId: server.id,
        serverName: server.name,
        family: FAMILIES[server.ip_version],
        verdict: VERDICTS[server.verdict],
        before: figuresMessage(before),
        after: figuresMessage(after),
        change,
        ...(measure === "offset" ? knownField("changeBound", before.boundNs + after.boundNs) : {}),
      });
    }),
    serversCompared: found.compared,
    serversNotCompared: found.notCompared,
    scores: scoreBins(scores).map((bin) => create(analyticsV1.ScoreBinSchema, bin)),
  });
}

interface BothTimes {
  readonly moved: readonly Moved[];
  readonly scores: readonly ServerScore[];
}

/** One server after another: its checks before and since, and its overall scores since. */
async function bothTimes(
  { store, window, watch }: AnalyticsQuestion,
  {
    middleUs,
    fleet,
    filter,
    scorerId,
    pace,
  }: {
    readonly middleUs: number;
    readonly fleet: Fleet;
    readonly filter: CheckFilter;
    readonly scorerId: number | undefined;
    readonly pace: Pace;
  },
): Promise<BothTimes> {
  const before = new CheckTally();
  const after = new CheckTally();
  const moved: Moved[] = [];
  const scores: ServerScore[] = [];
  const visitCheck = filteredVisit({ fleet, filter }, (row) =>
    (row.atUs < middleUs ? before : after).add(row),
  );
  for (const [serverId, server] of fleet.servers) {
    if (!filter.passesServer(server)) continue;
    let last = Number.NaN;
    let least = Number.POSITIVE_INFINITY;
    const steps = scanInSlices(
      store,
      { ...window, serverId },
      (row) => {
        if (row.monitorId !== scorerId) return visitCheck(row);
        if (row.atUs < middleUs) return;
        last = row.score;
        least = Math.min(least, last);
      },
      watch,
    );
    await pace.run(steps);
    if (before.checks + after.checks > 0)
      moved.push({
        serverId,
        before: await pace.run(before.takeInSteps()),
        after: await pace.run(after.takeInSteps()),
      });
    if (!Number.isNaN(last)) scores.push({ last, least });
    await pace.rest();
  }
  return { moved, scores };
}

/** The scorer of the overall score. Undefined: there has been none yet. */
async function overallScorer({ database }: ServerContext): Promise<number | undefined> {
  const { rows } = await sql<{ readonly id: bigint }>`
    select id from monitors where type = 'score' and hostname = ${RECENT_MEDIAN_SCORER}`.execute(
    database.kysely,
  );
  return rows[0] === undefined ? undefined : Number(rows[0].id);
}
