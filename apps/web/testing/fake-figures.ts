// What the fake's monitors saw in a range, and what it comes to. Long ranges are looked at in steps: the fake pretends, and
// its checks are made up from the time anyway.

import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { adminV1, analyticsV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import { type FakeMonitor, HORIZON_AGE_MS } from "./lab-facts.ts";
import { checkIndexAt, type Observation, observe } from "./observations.ts";
import type { WatchedServer } from "./wire.ts";

/** Looked at of each pair at most, as a rule. */
const CHECKS_MAX = 60;
const SAMPLES = 3n;

export interface FakeRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
}

/** The range of a request; one that is empty is refused as the real server does it. */
export function rangeOf(
  request: { readonly from?: Timestamp | undefined; readonly to?: Timestamp | undefined },
  nowMs: number,
): FakeRange {
  const toMs = request.to === undefined ? nowMs : timestampMs(request.to);
  const fromMs = request.from === undefined ? toMs - 86_400_000 : timestampMs(request.from);
  if (fromMs >= toMs)
    throw appError(
      Code.InvalidArgument,
      "bad_request",
      "from is not before to: expected an earlier instant",
    );
  return { fromMs, toMs, nowMs };
}

/** The fake remembers as much as it has. */
export function wireRange(
  { fromMs, toMs, nowMs }: FakeRange,
  checks: bigint,
): analyticsV1.AnalyticsRange {
  const horizonMs = nowMs - HORIZON_AGE_MS;
  const coveredMs = Math.max(fromMs, horizonMs);
  return create(analyticsV1.AnalyticsRangeSchema, {
    from: timestampFromMs(Math.round(fromMs)),
    to: timestampFromMs(Math.round(toMs)),
    ...(coveredMs < toMs
      ? {
          coveredFrom: timestampFromMs(Math.round(coveredMs)),
          coveredTo: timestampFromMs(Math.round(Math.min(toMs, nowMs))),
        }
      : {}),
    horizon: timestampFromMs(Math.round(horizonMs)),
    partial: fromMs < horizonMs,
    checks,
  });
}

/** Oldest first. */
export function seenBetween(
  server: WatchedServer,
  monitor: FakeMonitor,
  { fromMs, toMs, nowMs }: FakeRange,
  checksMax: number = CHECKS_MAX,
): readonly Observation[] {
  const beginMs = Math.max(fromMs, nowMs - HORIZON_AGE_MS, server.addedAtMs);
  const first = checkIndexAt(server.facts, monitor, beginMs);
  const last = checkIndexAt(server.facts, monitor, Math.min(toMs, nowMs));
  const step = Math.max(1, Math.ceil((last - first) / checksMax));
  const seen: Observation[] = [];
  for (let index = first; index <= last; index += step) {
    const one = observe(server.facts, monitor, index, nowMs);
    if (one !== undefined && one.atMs >= beginMs && one.atMs <= Math.min(toMs, nowMs))
      seen.push(one);
  }
  return seen;
}

export function figuresOf(seen: readonly Observation[]): analyticsV1.CheckFigures {
  const good = seen.filter(({ reason }) => reason === "");
  const lost = seen.filter(({ reason }) => reason === "timeout").length;
  const offsetNs = median(good.map((one) => one.offsetNs));
  const sent = BigInt(seen.length) * SAMPLES;
  return create(analyticsV1.CheckFiguresSchema, {
    checks: BigInt(seen.length),
    failed: BigInt(seen.length - good.length),
    samplesSent: sent,
    samplesAnswered: sent - BigInt(lost) * SAMPLES,
    ...(offsetNs === undefined
      ? {}
      : {
          offset: create(adminV1.OffsetSchema, {
            valueNs: BigInt(Math.round(offsetNs)),
            boundNs: BigInt(Math.round(median(good.map((one) => one.boundNs)) ?? 0)),
          }),
          absOffsetNs: BigInt(Math.round(median(good.map((one) => Math.abs(one.offsetNs))) ?? 0)),
          rttNs: BigInt(Math.round(median(good.map((one) => one.rttNs)) ?? 0)),
          leastOffsetNs: BigInt(Math.min(...good.map((one) => Math.round(one.offsetNs)))),
          greatestOffsetNs: BigInt(Math.max(...good.map((one) => Math.round(one.offsetNs)))),
        }),
  });
}

/** By nearest rank. */
export function median(values: readonly number[]): number | undefined {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.toSorted((one, other) => one - other)[Math.ceil(known.length / 2) - 1];
}

/** What things are ordered by. NaN: nothing was measured. */
export function pairValue(measure: analyticsV1.Measure, figures: analyticsV1.CheckFigures): number {
  if (measure === analyticsV1.Measure.LOSS)
    return 1 - Number(figures.samplesAnswered) / Number(figures.samplesSent);
  return Number(
    (measure === analyticsV1.Measure.DELAY ? figures.rttNs : figures.absOffsetNs) ?? Number.NaN,
  );
}
