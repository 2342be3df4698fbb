// The range of a question to the history in memory, and what of it the answer is made of.

import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { analyticsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { nsFromTimestamptz, timestamptzFromNs } from "@truechimer/database";
import {
  CoverageWatch,
  createHistoryStore,
  type HistoryStore,
  type HistoryWindow,
} from "@truechimer/history";
import { instantOf, timestampFromNs } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";

const DAY_US = 86_400_000_000;
const NS_PER_US = 1_000n;

/** A question under way: its range, and the store as it is now. */
export interface AnalyticsQuestion {
  readonly store: HistoryStore;
  /** The last instant belongs to it. */
  readonly window: HistoryWindow;
  readonly watch: CoverageWatch;
  readonly nowUs: number;
}

/** Fails with bad_request, naming the field, for a range that is empty or lies in the future. */
export async function askHistory(
  context: ServerContext,
  request: { readonly from?: Timestamp | undefined; readonly to?: Timestamp | undefined },
): Promise<AnalyticsQuestion> {
  const nowUs = Number(context.clock.nowNs() / NS_PER_US);
  const window = windowOf(request, nowUs);
  const { history } = context;
  // What was committed a moment ago may be missing where the database cannot be asked just now.
  const store = (await history?.current()) ?? history?.store ?? createHistoryStore();
  return { store, window, watch: new CoverageWatch(store, window), nowUs };
}

function windowOf(
  request: { readonly from?: Timestamp | undefined; readonly to?: Timestamp | undefined },
  nowUs: number,
): HistoryWindow {
  const lastUs = usOf(request.to) ?? nowUs;
  const fromUs = usOf(request.from) ?? lastUs - DAY_US;
  if (fromUs >= lastUs) {
    throw new AppError(
      "bad_request",
      `from ${instantText(fromUs)} is not before to ${instantText(lastUs)}: expected an earlier instant`,
    );
  }
  if (fromUs >= nowUs) {
    throw new AppError(
      "bad_request",
      `from ${instantText(fromUs)} is in the future: expected an instant before now, ${instantText(nowUs)}`,
    );
  }
  return { fromUs, toUs: lastUs + 1 };
}

/** `checks`: how many the answer is made of. */
export function rangeMessage(
  { window, watch, nowUs }: AnalyticsQuestion,
  checks: number,
): analyticsV1.AnalyticsRange {
  const { covered, horizonUs, partial } = watch.covered();
  const lastUs = window.toUs - 1;
  return create(analyticsV1.AnalyticsRangeSchema, {
    from: timestampFromUs(window.fromUs),
    to: timestampFromUs(lastUs),
    ...(covered === undefined
      ? {}
      : {
          coveredFrom: timestampFromUs(covered.fromUs),
          coveredTo: timestampFromUs(Math.max(covered.fromUs, Math.min(lastUs, nowUs))),
        }),
    ...(Number.isFinite(horizonUs) ? { horizon: timestampFromUs(horizonUs) } : {}),
    partial,
    checks: BigInt(checks),
  });
}

export function timestampFromUs(us: number): Timestamp {
  return timestampFromNs(BigInt(Math.floor(us)) * NS_PER_US);
}

function usOf(timestamp: Timestamp | undefined): number | undefined {
  const instant = instantOf(timestamp);
  return instant === undefined ? undefined : Number(nsFromTimestamptz(instant) / NS_PER_US);
}

function instantText(us: number): string {
  return timestamptzFromNs(BigInt(Math.floor(us)) * NS_PER_US);
}
