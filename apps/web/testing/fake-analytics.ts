// The fake's analytics: the same questions over what its monitors pretend to have seen.

import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { adminV1, analyticsV1 } from "@truechimer/api";
import { compareOf } from "./fake-compare.ts";
import { allanOf, distributionsOf } from "./fake-distribution.ts";
import { familiesOf } from "./fake-families.ts";
import { figuresOf, median, pairValue, rangeOf, seenBetween, wireRange } from "./fake-figures.ts";
import { checkReaders, passesFilter } from "./fake-filter.ts";
import { moversOf } from "./fake-movers.ts";
import type { FakeMonitor } from "./lab-facts.ts";
import type { Observation } from "./observations.ts";
import { familyOf, type WatchedServer, wireCheck, wireServer } from "./wire.ts";

const { Measure } = analyticsV1;
const WORST_MAX = 20;

export interface FakeAnalyticsOptions {
  readonly servers: () => readonly WatchedServer[];
  readonly monitors: readonly FakeMonitor[];
  readonly wireMonitors: () => readonly adminV1.Monitor[];
  readonly nowMs: () => number;
}

export function createFakeAnalytics(
  options: FakeAnalyticsOptions,
): ServiceImpl<typeof analyticsV1.AnalyticsService> {
  return {
    getHeatMap: (request) => heatMapOf(options, request),
    getFamilies: (request) => familiesOf(options, request, checkPasses(options, request.filter)),
    getMovers: (request) => moversOf(options, request),
    compareSeries: (request) => compareOf(options, request),
    getDistributions: (request) => distributionsOf(options, request),
    getAllanDeviation: (request) => allanOf(options, request),
  };
}

interface Pair {
  readonly server: WatchedServer;
  readonly monitor: FakeMonitor;
  readonly figures: analyticsV1.CheckFigures;
}

function heatMapOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.GetHeatMapRequest,
): analyticsV1.GetHeatMapResponse {
  const range = rangeOf(request, options.nowMs());
  const measure = request.measure === Measure.UNSPECIFIED ? Measure.OFFSET : request.measure;
  const passes = checkPasses(options, request.filter);
  const pairs = options.servers().flatMap((server) =>
    options.monitors.flatMap((monitor): Pair[] => {
      const seen = seenBetween(server, monitor, range).filter((one) =>
        passes(server, monitor, one),
      );
      return seen.length === 0 ? [] : [{ server, monitor, figures: figuresOf(seen) }];
    }),
  );
  const valueOf = ({ figures }: Pair): number => pairValue(measure, figures);
  const byServer = linesOf(pairs, ({ server }) => server, valueOf);
  const byMonitor = linesOf(pairs, ({ monitor }) => monitor, valueOf);
  const servers = byServer.slice(0, request.serversMax || 50);
  const monitors = byMonitor.slice(0, request.monitorsMax || 50);
  const verdictOf = (server: WatchedServer): adminV1.Verdict =>
    wireServer(server, options.monitors, range.nowMs).verdict;
  return create(analyticsV1.GetHeatMapResponseSchema, {
    range: wireRange(
      range,
      pairs.reduce((sum, { figures }) => sum + figures.checks, 0n),
    ),
    measure,
    servers: servers.map(({ of, value }) => ({
      id: of.facts.id,
      name: of.facts.name,
      family: familyOf(of.facts),
      verdict: verdictOf(of),
      ...(value === undefined ? {} : { value }),
    })),
    monitors: monitors.map(({ of, value }) => ({
      id: of.id,
      name: of.name,
      family: adminV1.IpFamily.V4,
      ...(value === undefined ? {} : { value }),
    })),
    serversTotal: byServer.length,
    monitorsTotal: byMonitor.length,
    cells: pairs.flatMap(({ server, monitor, figures }) => {
      const row = servers.findIndex(({ of }) => of === server);
      const column = monitors.findIndex(({ of }) => of === monitor);
      return row < 0 || column < 0 ? [] : [{ server: row, monitor: column, figures }];
    }),
    worst: pairs
      .filter((pair) => !Number.isNaN(valueOf(pair)))
      .toSorted((one, other) => valueOf(other) - valueOf(one))
      .slice(0, WORST_MAX)
      .map(({ server, monitor, figures }) => ({
        serverId: server.facts.id,
        serverName: server.facts.name,
        monitorId: monitor.id,
        monitorName: monitor.name,
        figures,
      })),
  });
}

function checkPasses(
  { servers, monitors, wireMonitors, nowMs }: FakeAnalyticsOptions,
  filter: string,
): (server: WatchedServer, monitor: FakeMonitor, seen: Observation) => boolean {
  const passes = passesFilter(filter, { subject: "checks", nowMs: nowMs(), readers: checkReaders });
  if (filter === "") return () => true;
  const wired = new Map(wireMonitors().map((monitor) => [monitor.id, monitor]));
  const wiredServers = new Map(
    servers().map((server) => [server.facts.id, wireServer(server, monitors, nowMs())]),
  );
  return (server, monitor, seen) => {
    const [of, by] = [wiredServers.get(server.facts.id), wired.get(monitor.id)];
    const check = wireCheck(server, monitor, seen, 20);
    return of !== undefined && by !== undefined && passes({ check, server: of, monitor: by });
  };
}

function linesOf<Of>(
  pairs: readonly Pair[],
  keyOf: (pair: Pair) => Of,
  valueOf: (pair: Pair) => number,
): readonly { readonly of: Of; readonly value: number | undefined }[] {
  return [...Map.groupBy(pairs, keyOf)]
    .map(([of, own]) => ({ of, value: median(own.map(valueOf)) }))
    .toSorted((one, other) => (other.value ?? -1) - (one.value ?? -1));
}
