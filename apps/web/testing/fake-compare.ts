// The fake's comparison of servers and of monitors.

import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { adminV1, analyticsV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import type { FakeAnalyticsOptions } from "./fake-analytics.ts";
import { figuresOf, median, rangeOf, seenBetween, wireRange } from "./fake-figures.ts";
import type { FakeMonitor } from "./lab-facts.ts";
import type { Observation } from "./observations.ts";
import { type WatchedServer, wireServer } from "./wire.ts";

/** Looked at of each pair: a line is drawn from them. */
const CHECKS_MAX = 240;
const MINUTE_MS = 60_000;
const BUCKETS_MS = [1, 5, 10, 15, 30, 60, 180, 360, 720, 1_440].map((count) => count * MINUTE_MS);

export function compareOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.CompareSeriesRequest,
): analyticsV1.CompareSeriesResponse {
  const range = rangeOf(request, options.nowMs());
  const buckets = request.bucketsMax || 240;
  const bucketMs =
    BUCKETS_MS.find((ms) => ms * buckets >= range.toMs - range.fromMs) ?? 1_440 * MINUTE_MS;
  const named = <Of>(id: bigint, found: Of | undefined, noun: string): Of => {
    if (found !== undefined) return found;
    throw appError(Code.NotFound, "not_found", `there is no ${noun} with the id ${id}`);
  };
  const servers = request.serverIds.map((id) =>
    named(
      id,
      options.servers().find(({ facts }) => facts.id === id),
      "server",
    ),
  );
  const monitors = request.monitorIds.map((id) =>
    named(
      id,
      options.monitors.find((one) => one.id === id),
      "monitor",
    ),
  );
  const series = [
    ...servers.map((server) => {
      const seen = options.monitors.flatMap((monitor) =>
        seenBetween(server, monitor, range, CHECKS_MAX),
      );
      return seriesOf({ id: server.facts.id, name: server.facts.name, seen, bucketMs }, (one) => ({
        ...one,
        verdict: wireServer(server, options.monitors, range.nowMs).verdict,
      }));
    }),
    ...monitors.map((monitor) => {
      const seen = options
        .servers()
        .flatMap((server) => differences(options, { server, monitor }, range));
      return seriesOf({ id: monitor.id, name: monitor.name, seen, bucketMs }, (one) => one);
    }),
  ];
  return create(analyticsV1.CompareSeriesResponseSchema, {
    range: wireRange(
      range,
      series.reduce((sum, { overall }) => sum + (overall?.checks ?? 0n), 0n),
    ),
    series,
    bucketMs,
  });
}

/** What the pretended server's clock does cancels out: its own offset is known here. */
function differences(
  options: FakeAnalyticsOptions,
  { server, monitor }: { readonly server: WatchedServer; readonly monitor: FakeMonitor },
  range: ReturnType<typeof rangeOf>,
): readonly Observation[] {
  const fleetNs = median(options.monitors.map(({ skewNs }) => skewNs)) ?? 0;
  return seenBetween(server, monitor, range, CHECKS_MAX).map((seen) => ({
    ...seen,
    offsetNs: seen.offsetNs - server.facts.offsetNs(seen.atMs) - fleetNs,
  }));
}

function seriesOf(
  {
    id,
    name,
    seen,
    bucketMs,
  }: {
    readonly id: bigint;
    readonly name: string;
    readonly seen: readonly Observation[];
    readonly bucketMs: number;
  },
  more: (series: analyticsV1.ComparedSeries) => analyticsV1.ComparedSeries,
): analyticsV1.ComparedSeries {
  const byBucket = Map.groupBy(seen, ({ atMs }) => bucketMs * Math.floor(atMs / bucketMs));
  const buckets = [...byBucket].toSorted(([one], [other]) => one - other);
  const figures = buckets.map(([, own]) => figuresOf(own));
  const good = buckets.map(([, own]) => own.filter(({ reason }) => reason === ""));
  return more(
    create(analyticsV1.ComparedSeriesSchema, {
      id,
      name,
      family: adminV1.IpFamily.V4,
      overall: figuresOf(seen),
      atMs: buckets.map(([atMs]) => atMs),
      offsetNs: figures.map(({ offset }) => Number(offset?.valueNs ?? Number.NaN)),
      leastOffsetNs: good.map((own) => extreme(own, Math.min)),
      greatestOffsetNs: good.map((own) => extreme(own, Math.max)),
      boundNs: figures.map(({ offset }) => Number(offset?.boundNs ?? Number.NaN)),
      rttNs: figures.map(({ rttNs }) => Number(rttNs ?? Number.NaN)),
      checks: figures.map(({ checks }) => Number(checks)),
      failed: figures.map(({ failed }) => Number(failed)),
      loss: figures.map(
        ({ samplesSent, samplesAnswered }) => 1 - Number(samplesAnswered) / Number(samplesSent),
      ),
    }),
  );
}

function extreme(seen: readonly Observation[], pick: (...values: number[]) => number): number {
  return seen.length === 0 ? Number.NaN : pick(...seen.map(({ offsetNs }) => offsetNs));
}
