// The fake's names over both families: what its monitors pretend to have seen of each address.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1, analyticsV1 } from "@truechimer/api";
import type { FakeAnalyticsOptions } from "./fake-analytics.ts";
import { figuresOf, median, rangeOf, seenBetween, wireRange } from "./fake-figures.ts";
import type { FakeMonitor } from "./lab-facts.ts";
import type { Observation } from "./observations.ts";
import { familyOf, type WatchedServer } from "./wire.ts";

type Side = MessageInitShape<typeof analyticsV1.FamilySideSchema> & {
  readonly figures: analyticsV1.CheckFigures;
  readonly seen: readonly Observation[];
};
type Difference = { readonly difference: number; readonly standardError: number };

/** Of a median of normal values, in median absolute deviations over √n. */
const MEDIAN_ERROR = 1.4826 * Math.sqrt(Math.PI / 2);

export function familiesOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.GetFamiliesRequest,
  passes: (server: WatchedServer, monitor: FakeMonitor, seen: Observation) => boolean,
): analyticsV1.GetFamiliesResponse {
  const range = rangeOf(request, options.nowMs());
  const sideOf = (servers: readonly WatchedServer[]): Side => {
    const seen = servers.flatMap((server) =>
      options.monitors.flatMap((monitor) =>
        seenBetween(server, monitor, range).filter((one) => passes(server, monitor, one)),
      ),
    );
    const offset = deviationOf(seen, "offsetNs");
    const rtt = deviationOf(seen, "rttNs");
    return {
      serverIds: servers.map(({ facts }) => facts.id),
      figures: figuresOf(seen),
      ...(offset === undefined ? {} : { offsetSpreadNs: BigInt(Math.round(offset)) }),
      ...(rtt === undefined ? {} : { rttSpreadNs: BigInt(Math.round(rtt)) }),
      seen,
    };
  };
  const names = [...Map.groupBy(options.servers(), ({ facts }) => facts.name)].map(
    ([serverName, servers]) => ({
      serverName,
      ipv4: servers.filter(({ facts }) => familyOf(facts) === adminV1.IpFamily.V4),
      ipv6: servers.filter(({ facts }) => familyOf(facts) === adminV1.IpFamily.V6),
    }),
  );
  const inBoth = names.filter(({ ipv4, ipv6 }) => ipv4.length > 0 && ipv6.length > 0);
  const pairs = inBoth
    .map(({ serverName, ipv4, ipv6 }) => pairOf(serverName, sideOf(ipv4), sideOf(ipv6)))
    .filter(({ ipv4, ipv6 }) => ipv4.figures.checks > 0n && ipv6.figures.checks > 0n)
    .toSorted((one, other) => errorsApart(other.offset) - errorsApart(one.offset));
  return create(analyticsV1.GetFamiliesResponseSchema, {
    range: wireRange(
      range,
      pairs.reduce((sum, { ipv4, ipv6 }) => sum + ipv4.figures.checks + ipv6.figures.checks, 0n),
    ),
    pairs: pairs.slice(0, request.pairsMax || 50),
    pairsTotal: pairs.length,
    pairsNotCompared: inBoth.length - pairs.length,
    namesOfOneFamily: names.length - inBoth.length,
  });
}

function pairOf(serverName: string, ipv4: Side, ipv6: Side) {
  const offset = medianDifference(ipv4, ipv6, "offsetNs");
  const rtt = medianDifference(ipv4, ipv6, "rttNs");
  const loss = lossDifference(ipv4.figures, ipv6.figures);
  const isBetter = Math.abs(loss.difference) >= 2 * loss.standardError && loss.difference !== 0;
  return {
    serverName,
    ipv4,
    ipv6,
    ...(offset === undefined ? {} : { offset }),
    ...(rtt === undefined ? {} : { rtt }),
    loss,
    ...(isBetter
      ? { betterInLoss: loss.difference < 0 ? adminV1.IpFamily.V6 : adminV1.IpFamily.V4 }
      : {}),
  };
}

/** Undefined: one of the two has none. */
function medianDifference(
  ipv4: Side,
  ipv6: Side,
  of: "offsetNs" | "rttNs",
): Difference | undefined {
  const [one, other] = [ipv4, ipv6].map(({ seen }) => ({
    median: median(goodOf(seen, of)),
    error: (MEDIAN_ERROR * (deviationOf(seen, of) ?? 0)) / Math.sqrt(goodOf(seen, of).length),
  }));
  if (one?.median === undefined || other?.median === undefined) return undefined;
  return {
    difference: Math.round(other.median) - Math.round(one.median),
    standardError: Math.max(1, Math.hypot(one.error, other.error)),
  };
}

function lossDifference(
  ipv4: analyticsV1.CheckFigures,
  ipv6: analyticsV1.CheckFigures,
): Difference {
  const [sent4, sent6] = [Number(ipv4.samplesSent), Number(ipv6.samplesSent)];
  const [got4, got6] = [Number(ipv4.samplesAnswered), Number(ipv6.samplesAnswered)];
  const together = (got4 + got6) / (sent4 + sent6);
  return {
    difference: got4 / sent4 - got6 / sent6,
    standardError: Math.sqrt(together * (1 - together) * (1 / sent4 + 1 / sent6)),
  };
}

function goodOf(seen: readonly Observation[], of: "offsetNs" | "rttNs"): readonly number[] {
  return seen.filter(({ reason }) => reason === "").map((one) => one[of]);
}

function deviationOf(seen: readonly Observation[], of: "offsetNs" | "rttNs"): number | undefined {
  const values = goodOf(seen, of);
  const middle = median(values) ?? 0;
  return median(values.map((value) => Math.abs(value - middle)));
}

function errorsApart(difference: Difference | undefined): number {
  return difference === undefined ? -1 : Math.abs(difference.difference) / difference.standardError;
}
