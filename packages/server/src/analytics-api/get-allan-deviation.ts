// GetAllanDeviation: how stable the frequency of one server is, as each of its monitors sees it.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { type AllanDeviation, AllanSeries, scanInSlices } from "@truechimer/history";
import type { ActingContext } from "../people/caller.ts";
import { type AnalyticsQuestion, askHistory, rangeMessage } from "./analytics-range.ts";
import { type FleetMonitor, loadFleet, monitorNamed, serverNamed } from "./fleet.ts";
import { Pace } from "./pace.ts";

/** As many lines as can be told apart. */
const MONITORS_MAX = 8;
/** The mean of fewer says little. */
const TERMS_MIN = 4;
const US_PER_SECOND = 1e6;

export async function getAllanDeviation(
  context: ActingContext,
  request: analyticsV1.GetAllanDeviationRequest,
  signal: AbortSignal,
): Promise<analyticsV1.GetAllanDeviationResponse> {
  const named = [...new Set(request.monitorIds)];
  if (named.length > MONITORS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `monitor_ids names ${named.length}: at most ${MONITORS_MAX}`,
    );
  }
  const fleet = await loadFleet(context);
  const server = serverNamed(fleet, request.serverId);
  const monitors = named.map((id) => monitorNamed(fleet, id));
  const question = await askHistory(context, request);
  const pace = new Pace(context.clock, signal);
  const seen = await seriesByMonitor(question, { serverId: Number(server.id), pace });
  const known = [...seen].filter(([id]) => fleet.monitors.has(id));
  const chosen: readonly FleetMonitor[] =
    monitors.length > 0
      ? monitors
      : known
          .toSorted(([one, own], [other, others]) => others.length - own.length || one - other)
          .slice(0, MONITORS_MAX)
          .map(([id]) => monitorNamed(fleet, BigInt(id)));
  const series: analyticsV1.AllanSeries[] = [];
  for (const monitor of chosen) {
    const own = seen.get(Number(monitor.id)) ?? new AllanSeries();
    const deviation = await pace.run(own.deviation({ termsMin: TERMS_MIN }));
    series.push(seriesMessage(monitor, deviation));
  }
  const offsets = chosen.reduce((sum, { id }) => sum + (seen.get(Number(id))?.length ?? 0), 0);
  return create(analyticsV1.GetAllanDeviationResponseSchema, {
    range: rangeMessage(question, offsets),
    serverName: server.name,
    series,
    monitorsTotal: known.length,
  });
}

/** The offsets of its checks that succeeded. */
async function seriesByMonitor(
  { store, window, watch }: AnalyticsQuestion,
  { serverId, pace }: { readonly serverId: number; readonly pace: Pace },
): Promise<ReadonlyMap<number, AllanSeries>> {
  const seen = new Map<number, AllanSeries>();
  const steps = scanInSlices(
    store,
    { ...window, serverId },
    (row) => {
      if (!row.succeeded || Number.isNaN(row.offsetNs)) return;
      const { monitorId } = row;
      let series = seen.get(monitorId);
      if (series === undefined) {
        series = new AllanSeries();
        seen.set(monitorId, series);
      }
      series.add(row.atUs, row.offsetNs);
    },
    watch,
  );
  await pace.run(steps);
  return seen;
}

function seriesMessage(
  monitor: FleetMonitor,
  { tau0Us, slots, filled, points }: AllanDeviation,
): analyticsV1.AllanSeries {
  return create(analyticsV1.AllanSeriesSchema, {
    monitorId: monitor.id,
    monitorName: monitor.name,
    tau0S: tau0Us / US_PER_SECOND,
    slots,
    filled,
    tauS: points.map(({ tauUs }) => tauUs / US_PER_SECOND),
    deviation: points.map(({ deviation }) => deviation),
    error: points.map(({ error }) => error),
    terms: points.map(({ terms }) => BigInt(terms)),
  });
}
