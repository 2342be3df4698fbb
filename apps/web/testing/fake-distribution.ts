// The fake's distributions and Allan deviations.

import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { analyticsV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import type { FakeAnalyticsOptions } from "./fake-analytics.ts";
import { figuresOf, rangeOf, seenBetween, wireRange } from "./fake-figures.ts";
import type { Observation } from "./observations.ts";
import type { WatchedServer } from "./wire.ts";

const CHECKS_MAX = 1_500;
const MONITORS_MAX = 8;
const TERMS_MIN = 4;
const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const TAU0_S = 60;

function serverOf(options: FakeAnalyticsOptions, id: bigint): WatchedServer {
  const found = options.servers().find(({ facts }) => facts.id === id);
  if (found !== undefined) return found;
  throw appError(Code.NotFound, "not_found", `there is no server with the id ${id}`);
}

export function distributionsOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.GetDistributionsRequest,
): analyticsV1.GetDistributionsResponse {
  const range = rangeOf(request, options.nowMs());
  const server = serverOf(options, request.serverId);
  const seen = options.monitors
    .filter(
      ({ name }) => !request.filter.startsWith("monitor:") || request.filter === `monitor:${name}`,
    )
    .flatMap((monitor) => seenBetween(server, monitor, range, CHECKS_MAX));
  const good = seen.filter(({ reason }) => reason === "");
  return create(analyticsV1.GetDistributionsResponseSchema, {
    range: wireRange(range, BigInt(seen.length)),
    serverName: server.facts.name,
    figures: figuresOf(seen),
    offset: distributionOf(good.map(({ offsetNs }) => offsetNs)),
    delay: distributionOf(good.map(({ rttNs }) => rttNs)),
  });
}

function distributionOf(values: readonly number[]): analyticsV1.Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const [low, high] = [at(0.01), at(0.99)];
  const least = Math.max(1, (high - low) / 39);
  const power = 10 ** Math.floor(Math.log10(least));
  const binWidth = power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
  const first = Math.floor(low / binWidth);
  const bins = Math.floor(high / binWidth) - first + 1;
  const binOf = (value: number): number => Math.floor(value / binWidth) - first;
  const counts = Array.from({ length: bins }, () => 0n);
  for (const value of sorted) {
    const bin = binOf(value);
    if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] ?? 0n) + 1n;
  }
  return create(analyticsV1.DistributionSchema, {
    count: BigInt(sorted.length),
    ...(sorted.length === 0
      ? {}
      : {
          least: at(0),
          greatest: at(1),
          shares: SHARES,
          percentiles: SHARES.map(at),
          counts,
          firstFrom: first * binWidth,
          binWidth,
          below: BigInt(sorted.filter((value) => binOf(value) < 0).length),
          above: BigInt(sorted.filter((value) => binOf(value) >= bins).length),
        }),
  });
}

export function allanOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.GetAllanDeviationRequest,
): analyticsV1.GetAllanDeviationResponse {
  const range = rangeOf(request, options.nowMs());
  const server = serverOf(options, request.serverId);
  const seen = options.monitors.map((monitor) => ({
    monitor,
    good: seenBetween(server, monitor, range, Number.POSITIVE_INFINITY).filter(
      ({ reason }) => reason === "",
    ),
  }));
  const chosen = seen
    .filter(({ good }) => good.length > 0)
    .toSorted((one, other) => other.good.length - one.good.length)
    .slice(0, MONITORS_MAX);
  return create(analyticsV1.GetAllanDeviationResponseSchema, {
    range: wireRange(range, BigInt(chosen.reduce((sum, { good }) => sum + good.length, 0))),
    serverName: server.facts.name,
    monitorsTotal: seen.filter(({ good }) => good.length > 0).length,
    series: chosen.map(({ monitor, good }) => ({
      monitorId: monitor.id,
      monitorName: monitor.name,
      ...deviations(good),
    })),
  });
}

/** The pretended checks are a minute apart: each has a slot of its own. */
function deviations(
  good: readonly Observation[],
): Pick<
  analyticsV1.AllanSeries,
  "tau0S" | "slots" | "filled" | "tauS" | "deviation" | "error" | "terms"
> {
  const slots = new Map(good.map((one) => [Math.round(one.atMs / 1_000 / TAU0_S), one]));
  const [first, last] = [Math.min(...slots.keys()), Math.max(...slots.keys())];
  const answer = {
    tau0S: TAU0_S,
    slots: last - first + 1,
    filled: slots.size,
    tauS: [] as number[],
    deviation: [] as number[],
    error: [] as number[],
    terms: [] as bigint[],
  };
  for (let factor = 1; 2 * factor <= last - first; factor *= 2) {
    let sum = 0;
    let terms = 0;
    for (const [at, one] of slots) {
      const middle = slots.get(at + factor);
      const end = slots.get(at + 2 * factor);
      if (middle === undefined || end === undefined) continue;
      const before = (middle.offsetNs - one.offsetNs) / (middle.atMs - one.atMs);
      const after = (end.offsetNs - middle.offsetNs) / (end.atMs - middle.atMs);
      sum += ((after - before) * 1e-6) ** 2;
      terms += 1;
    }
    if (terms < TERMS_MIN) continue;
    const deviation = Math.sqrt(sum / (2 * terms));
    answer.tauS.push(factor * TAU0_S);
    answer.deviation.push(deviation);
    answer.error.push(deviation / Math.sqrt(Math.max(1, terms / factor)));
    answer.terms.push(BigInt(terms));
  }
  return answer;
}
