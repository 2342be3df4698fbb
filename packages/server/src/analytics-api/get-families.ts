// GetFamilies: the servers of each name over IPv4 and over IPv6. One name after another, so that the values of one are in memory
// at a time.

import { create } from "@bufbuild/protobuf";
import { adminV1, analyticsV1 } from "@truechimer/api";
import {
  CheckTally,
  type FamilyDifference,
  type FamilyPair,
  type FamilySide,
  type FamilySides,
  familyPairs,
  scanInSlices,
} from "@truechimer/history";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { type AnalyticsQuestion, askHistory, rangeMessage } from "./analytics-range.ts";
import { type CheckFilter, checkFilter, filteredVisit } from "./check-filter.ts";
import { countWithin, figuresMessage, knownField, wholeNs } from "./figures-message.ts";
import { type Fleet, type FleetServer, loadFleet } from "./fleet.ts";
import { Pace } from "./pace.ts";

const PAIRS = { normal: 50, max: 500 } as const;

const BETTER = {
  ipv4: adminV1.IpFamily.V4,
  ipv6: adminV1.IpFamily.V6,
} as const;

export async function getFamilies(
  context: ActingContext,
  request: analyticsV1.GetFamiliesRequest,
  signal: AbortSignal,
): Promise<analyticsV1.GetFamiliesResponse> {
  const pairsMax = countWithin("pairs_max", request.pairsMax, PAIRS);
  const filter = checkFilter(requestFilter(context, "checks", request.filter));
  const fleet = await loadFleet(context);
  const names = serversByName(fleet, filter);
  const inBoth = names.filter(({ ipv4, ipv6 }) => ipv4.length > 0 && ipv6.length > 0);
  const question = await askHistory(context, request);
  const pace = new Pace(context.clock, signal);
  const seen = await sidesOf(question, { inBoth, fleet, filter, pace });
  const compared = seen.filter(
    ({ ipv4, ipv6 }) => ipv4.figures.checks > 0 && ipv6.figures.checks > 0,
  );
  const checks = compared.reduce(
    (sum, { ipv4, ipv6 }) => sum + ipv4.figures.checks + ipv6.figures.checks,
    0,
  );
  const { pairs, total } = familyPairs(compared, { pairsMax });
  const servers = new Map(inBoth.map((name) => [name.name, name]));
  return create(analyticsV1.GetFamiliesResponseSchema, {
    range: rangeMessage(question, checks),
    pairs: pairs.map((pair) => pairMessage(pair, servers.get(pair.name))),
    pairsTotal: total,
    pairsNotCompared: inBoth.length - total,
    namesOfOneFamily: names.length - inBoth.length,
  });
}

interface NamedServers {
  readonly name: string;
  readonly ipv4: readonly FleetServer[];
  readonly ipv6: readonly FleetServer[];
}

function serversByName({ servers }: Fleet, filter: CheckFilter): readonly NamedServers[] {
  const passing = [...servers.values()].filter((server) => filter.passesServer(server));
  return [...Map.groupBy(passing, ({ name }) => name)].map(([name, own]) => ({
    name,
    ipv4: own.filter(({ ip_version }) => ip_version === "v4"),
    ipv6: own.filter(({ ip_version }) => ip_version === "v6"),
  }));
}

async function sidesOf(
  { store, window, watch }: AnalyticsQuestion,
  {
    inBoth,
    fleet,
    filter,
    pace,
  }: {
    readonly inBoth: readonly NamedServers[];
    readonly fleet: Fleet;
    readonly filter: CheckFilter;
    readonly pace: Pace;
  },
): Promise<readonly FamilySides[]> {
  const tally = new CheckTally();
  const visit = filteredVisit({ fleet, filter }, (row) => tally.add(row));
  const sideOf = async (servers: readonly FleetServer[]): Promise<FamilySide> => {
    for (const { id } of servers) {
      await pace.run(scanInSlices(store, { ...window, serverId: Number(id) }, visit, watch));
      await pace.rest();
    }
    const spread = await pace.run(tally.spreadInSteps());
    return { spread, figures: await pace.run(tally.takeInSteps()) };
  };
  const sides: FamilySides[] = [];
  for (const { name, ipv4, ipv6 } of inBoth)
    sides.push({ name, ipv4: await sideOf(ipv4), ipv6: await sideOf(ipv6) });
  return sides;
}

function pairMessage(pair: FamilyPair, servers: NamedServers | undefined): analyticsV1.FamilyPair {
  return create(analyticsV1.FamilyPairSchema, {
    serverName: pair.name,
    ipv4: sideMessage(pair.ipv4, servers?.ipv4 ?? []),
    ipv6: sideMessage(pair.ipv6, servers?.ipv6 ?? []),
    ...differenceField("offset", pair.offset),
    ...differenceField("rtt", pair.rtt),
    ...differenceField("loss", pair.loss),
    ...(pair.betterInLoss === undefined ? {} : { betterInLoss: BETTER[pair.betterInLoss] }),
  });
}

function sideMessage(
  { figures, spread }: FamilySide,
  servers: readonly FleetServer[],
): analyticsV1.FamilySide {
  return create(analyticsV1.FamilySideSchema, {
    serverIds: servers.map(({ id }) => id),
    figures: figuresMessage(figures),
    ...knownField("offsetSpreadNs", wholeNs(spread.offsetNs)),
    ...knownField("rttSpreadNs", wholeNs(spread.rttNs)),
  });
}

/** {} where one of the families has no value. */
function differenceField<Key extends "offset" | "rtt" | "loss">(
  key: Key,
  { difference, standardError }: FamilyDifference,
): { [K in Key]?: analyticsV1.FamilyDifference } {
  if (Number.isNaN(difference)) return {};
  const message = create(analyticsV1.FamilyDifferenceSchema, {
    difference,
    ...knownField("standardError", standardError),
  });
  return { [key]: message } as { [K in Key]?: analyticsV1.FamilyDifference };
}
