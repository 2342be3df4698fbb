// GetDistributions: how the offsets and the delays of one server are distributed.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import {
  CheckTally,
  DISTRIBUTION_SHARES,
  type Distribution,
  distributionOf,
  scanInSlices,
  ValueList,
} from "@truechimer/history";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";
import { askHistory, rangeMessage } from "./analytics-range.ts";
import { checkFilter, filteredVisit } from "./check-filter.ts";
import { countWithin, figuresMessage, knownField } from "./figures-message.ts";
import { loadFleet, serverNamed } from "./fleet.ts";
import { Pace } from "./pace.ts";

const BINS = { normal: 40, min: 5, max: 200 } as const;
/** Nothing is measured more finely. */
const BIN_WIDTH_MIN_NS = 1;

export async function getDistributions(
  context: ActingContext,
  request: analyticsV1.GetDistributionsRequest,
  signal: AbortSignal,
): Promise<analyticsV1.GetDistributionsResponse> {
  const binsMax = countWithin("bins_max", request.binsMax, BINS);
  const filter = checkFilter(requestFilter(context, "checks", request.filter));
  const fleet = await loadFleet(context);
  const server = serverNamed(fleet, request.serverId);
  const question = await askHistory(context, request);
  const pace = new Pace(context.clock, signal);
  const tally = new CheckTally();
  const offsets = new ValueList();
  const delays = new ValueList();
  const visit = filteredVisit({ fleet, filter }, (row) => {
    tally.add(row);
    if (!row.succeeded) return;
    const { offsetNs, rttNs } = row;
    if (!Number.isNaN(offsetNs)) offsets.push(offsetNs);
    if (!Number.isNaN(rttNs)) delays.push(rttNs);
  });
  const scan = { ...question.window, serverId: Number(server.id) };
  await pace.run(scanInSlices(question.store, scan, visit, question.watch));
  const bins = { binsMax, widthMin: BIN_WIDTH_MIN_NS };
  const offset = await pace.run(distributionOf(offsets.values(), bins));
  const delay = await pace.run(distributionOf(delays.values(), bins));
  const figures = await pace.run(tally.takeInSteps());
  return create(analyticsV1.GetDistributionsResponseSchema, {
    range: rangeMessage(question, figures.checks),
    serverName: server.name,
    figures: figuresMessage(figures),
    offset: distributionMessage(offset),
    delay: distributionMessage(delay),
  });
}

function distributionMessage(distribution: Distribution): analyticsV1.Distribution {
  const { count, counts, below, above, firstFrom, binWidth } = distribution;
  return create(analyticsV1.DistributionSchema, {
    count: BigInt(count),
    ...knownField("least", distribution.least),
    ...knownField("greatest", distribution.greatest),
    ...(count === 0
      ? {}
      : { shares: [...DISTRIBUTION_SHARES], percentiles: [...distribution.percentiles] }),
    firstFrom,
    binWidth,
    counts: counts.map(BigInt),
    below: BigInt(below),
    above: BigInt(above),
  });
}
