// CompareSeries: servers, or monitors, side by side in the same buckets of time.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type BucketedFigures,
  BucketedTally,
  bucketUsFor,
  bucketWindows,
  type CheckFigures,
  FleetBucket,
  lossOf,
  scanInSlices,
} from "@truechimer/history";
import { FAMILIES, VERDICTS } from "../admin-api/admin-message.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { type AnalyticsQuestion, askHistory, rangeMessage } from "./analytics-range.ts";
import { type CheckFilter, checkFilter, filteredVisit } from "./check-filter.ts";
import { countWithin, figuresMessage } from "./figures-message.ts";
import { type Fleet, loadFleet, monitorNamed, serverNamed } from "./fleet.ts";
import { Pace } from "./pace.ts";

/** As many lines as can be told apart. */
const COMPARED_MAX = 8;
const BUCKETS = { normal: 240, min: 10, max: 1_000 } as const;
const US_PER_MS = 1_000;

interface Comparing {
  readonly question: AnalyticsQuestion;
  readonly fleet: Fleet;
  readonly filter: CheckFilter;
  readonly bucketUs: number;
  readonly pace: Pace;
}

export async function compareSeries(
  context: ActingContext,
  request: analyticsV1.CompareSeriesRequest,
  signal: AbortSignal,
): Promise<analyticsV1.CompareSeriesResponse> {
  const { serverIds, monitorIds } = comparedOf(request);
  const bucketsMax = countWithin("buckets_max", request.bucketsMax, BUCKETS);
  const filter = checkFilter(requestFilter(context, "checks", request.filter));
  const fleet = await loadFleet(context);
  const servers = serverIds.map((id) => serverNamed(fleet, id));
  const monitors = monitorIds.map((id) => monitorNamed(fleet, id));
  const question = await askHistory(context, request);
  const bucketUs = bucketUsFor(question.window, bucketsMax);
  const pace = new Pace(context.clock, signal);
  const comparing: Comparing = { question, fleet, filter, bucketUs, pace };
  const tallies = await (servers.length > 0
    ? serverTallies(comparing, serverIds.map(Number))
    : monitorTallies(comparing, monitorIds.map(Number)));
  const taken: BucketedFigures[] = [];
  for (const tally of tallies) taken.push(await pace.run(tally.take()));
  const series = [...servers, ...monitors].map((of, at) =>
    seriesMessage(taken[at] as BucketedFigures, {
      id: of.id,
      name: of.name,
      family: FAMILIES[of.ip_version],
      ...("verdict" in of ? { verdict: VERDICTS[of.verdict as keyof typeof VERDICTS] } : {}),
    }),
  );
  const checks = series.reduce((sum, { overall }) => sum + Number(overall?.checks ?? 0n), 0);
  return create(analyticsV1.CompareSeriesResponseSchema, {
    range: rangeMessage(question, checks),
    series,
    bucketMs: bucketUs / US_PER_MS,
  });
}

/** What is named twice is compared once. */
function comparedOf(request: analyticsV1.CompareSeriesRequest): {
  readonly serverIds: readonly bigint[];
  readonly monitorIds: readonly bigint[];
} {
  const serverIds = [...new Set(request.serverIds)];
  const monitorIds = [...new Set(request.monitorIds)];
  if ((serverIds.length === 0) === (monitorIds.length === 0)) {
    throw new AppError(
      "bad_request",
      `server_ids names ${serverIds.length} and monitor_ids ${monitorIds.length}: expected one of the two with 1 to ${COMPARED_MAX}`,
    );
  }
  for (const [field, ids] of [
    ["server_ids", serverIds],
    ["monitor_ids", monitorIds],
  ] as const) {
    if (ids.length > COMPARED_MAX) {
      throw new AppError(
        "limit_exceeded",
        `${field} names ${ids.length}: at most ${COMPARED_MAX} are compared`,
      );
    }
  }
  return { serverIds, monitorIds };
}

async function serverTallies(
  { question: { store, window, watch }, fleet, filter, bucketUs, pace }: Comparing,
  serverIds: readonly number[],
): Promise<readonly BucketedTally[]> {
  const tallies: BucketedTally[] = [];
  for (const serverId of serverIds) {
    const tally = new BucketedTally(bucketUs);
    tallies.push(tally);
    const visit = filteredVisit({ fleet, filter }, (row) => tally.add(row));
    await pace.run(scanInSlices(store, { ...window, serverId }, visit, watch));
  }
  return tallies;
}

/** Bucket by bucket, because a monitor is held against what all the others found in the same one. */
async function monitorTallies(
  { question: { store, window, watch }, fleet, filter, bucketUs, pace }: Comparing,
  monitorIds: readonly number[],
): Promise<readonly BucketedTally[]> {
  const tallies = new Map(monitorIds.map((id) => [id, new BucketedTally(bucketUs)]));
  const bucket = new FleetBucket(tallies);
  const visit = filteredVisit({ fleet, filter }, (row) => bucket.add(row));
  for (const each of bucketWindows(window, bucketUs)) {
    await pace.run(scanInSlices(store, each, visit, watch));
    await pace.run(bucket.end());
  }
  return [...tallies.values()];
}

function seriesMessage(
  { overall, buckets }: BucketedFigures,
  of: Pick<analyticsV1.ComparedSeries, "id" | "name" | "family"> & {
    readonly verdict?: analyticsV1.ComparedSeries["verdict"];
  },
): analyticsV1.ComparedSeries {
  const column = (value: (figures: CheckFigures) => number): number[] =>
    buckets.map(({ figures }) => value(figures));
  return create(analyticsV1.ComparedSeriesSchema, {
    ...of,
    overall: figuresMessage(overall),
    atMs: buckets.map(({ atUs }) => atUs / US_PER_MS),
    offsetNs: column(({ offsetNs }) => offsetNs),
    leastOffsetNs: column(({ leastOffsetNs }) => leastOffsetNs),
    greatestOffsetNs: column(({ greatestOffsetNs }) => greatestOffsetNs),
    boundNs: column(({ boundNs }) => boundNs),
    rttNs: column(({ rttNs }) => rttNs),
    checks: column(({ checks }) => checks),
    failed: column(({ failed }) => failed),
    loss: column(lossOf),
  });
}
