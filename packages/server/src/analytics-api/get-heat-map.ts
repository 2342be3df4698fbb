// GetHeatMap: each server by each monitor. One server after another, so that the values of one are in memory at a time.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import {
  CheckTally,
  type HeatCell,
  type HeatLine,
  type HeatMap,
  heatMap,
  scanInSlices,
} from "@truechimer/history";
import { FAMILIES, VERDICTS } from "../admin-api/admin-message.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { type AnalyticsQuestion, askHistory, rangeMessage } from "./analytics-range.ts";
import { type CheckFilter, checkFilter, filteredVisit } from "./check-filter.ts";
import {
  countWithin,
  figuresMessage,
  knownField,
  measureFrom,
  measureMessage,
} from "./figures-message.ts";
import { type Fleet, type FleetMonitor, type FleetServer, loadFleet } from "./fleet.ts";
import { Pace } from "./pace.ts";

const SERVERS = { normal: 50, max: 500 } as const;
const MONITORS = { normal: 50, max: 200 } as const;
const WORST_MAX = 20;

export async function getHeatMap(
  context: ActingContext,
  request: analyticsV1.GetHeatMapRequest,
  signal: AbortSignal,
): Promise<analyticsV1.GetHeatMapResponse> {
  const measure = measureFrom(request.measure);
  const serversMax = countWithin("servers_max", request.serversMax, SERVERS);
  const monitorsMax = countWithin("monitors_max", request.monitorsMax, MONITORS);
  const filter = checkFilter(requestFilter(context, "checks", request.filter));
  const fleet = await loadFleet(context);
  const question = await askHistory(context, request);
  const cells = await heatCells(question, { fleet, filter, pace: new Pace(context.clock, signal) });
  const map = heatMap(cells, { measure, serversMax, monitorsMax, worstMax: WORST_MAX });
  const checks = cells.reduce((sum, { figures }) => sum + figures.checks, 0);
  return create(analyticsV1.GetHeatMapResponseSchema, {
    range: rangeMessage(question, checks),
    measure: measureMessage(measure),
    servers: map.servers.map((line) => serverMessage(line, fleet)),
    monitors: map.monitors.map((line) => monitorMessage(line, fleet)),
    serversTotal: map.serversTotal,
    monitorsTotal: map.monitorsTotal,
    cells: cellMessages(map),
    worst: map.worst.map((cell) => pairMessage(cell, fleet)),
  });
}

/** Every pair that has checks which pass. */
async function heatCells(
  { store, window, watch }: AnalyticsQuestion,
  {
    fleet,
    filter,
    pace,
  }: { readonly fleet: Fleet; readonly filter: CheckFilter; readonly pace: Pace },
): Promise<readonly HeatCell[]> {
  const cells: HeatCell[] = [];
  const tallies = new Map<number, CheckTally>();
  const visit = filteredVisit({ fleet, filter }, (row) => {
    const { monitorId } = row;
    let tally = tallies.get(monitorId);
    if (tally === undefined) {
      tally = new CheckTally();
      tallies.set(monitorId, tally);
    }
    tally.add(row);
  });
  for (const [serverId, server] of fleet.servers) {
    if (!filter.passesServer(server)) continue;
    await pace.run(scanInSlices(store, { ...window, serverId }, visit, watch));
    for (const [monitorId, tally] of tallies) {
      if (tally.checks === 0) continue;
      cells.push({ serverId, monitorId, figures: await pace.run(tally.takeInSteps()) });
    }
  }
  return cells;
}

function serverMessage({ id, value, checks }: HeatLine, fleet: Fleet): analyticsV1.HeatMapServer {
  const server = serverOf(fleet, id);
  return create(analyticsV1.HeatMapServerSchema, {
    id: server.id,
    name: server.name,
    family: FAMILIES[server.ip_version],
    verdict: VERDICTS[server.verdict],
    ...knownField("value", value),
    checks: BigInt(checks),
  });
}

function monitorMessage({ id, value, checks }: HeatLine, fleet: Fleet): analyticsV1.HeatMapMonitor {
  const monitor = monitorOf(fleet, id);
  return create(analyticsV1.HeatMapMonitorSchema, {
    id: monitor.id,
    name: monitor.name,
    family: FAMILIES[monitor.ip_version],
    ...knownField("value", value),
    checks: BigInt(checks),
  });
}

function cellMessages({ servers, monitors, cells }: HeatMap): analyticsV1.HeatMapCell[] {
  const rows = new Map(servers.map(({ id }, at) => [id, at]));
  const columns = new Map(monitors.map(({ id }, at) => [id, at]));
  return cells.map(({ serverId, monitorId, figures }) =>
    create(analyticsV1.HeatMapCellSchema, {
      server: rows.get(serverId) as number,
      monitor: columns.get(monitorId) as number,
      figures: figuresMessage(figures),
    }),
  );
}

function pairMessage(
  { serverId, monitorId, figures }: HeatCell,
  fleet: Fleet,
): analyticsV1.HeatMapPair {
  const server = serverOf(fleet, serverId);
  const monitor = monitorOf(fleet, monitorId);
  return create(analyticsV1.HeatMapPairSchema, {
    serverId: server.id,
    serverName: server.name,
    monitorId: monitor.id,
    monitorName: monitor.name,
    figures: figuresMessage(figures),
  });
}

function serverOf({ servers }: Fleet, id: number): FleetServer {
  const server = servers.get(id);
  assert(server !== undefined, `the server ${id} was scanned`);
  return server;
}

function monitorOf({ monitors }: Fleet, id: number): FleetMonitor {
  const monitor = monitors.get(id);
  assert(monitor !== undefined, `the monitor ${id} was scanned`);
  return monitor;
}
