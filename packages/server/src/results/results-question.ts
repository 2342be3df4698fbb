// What ListResults is asked: a range, an order, and what a check must be.

import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type MonitorType,
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import type { Condition } from "@truechimer/filter";
import { instantOf } from "../admin-api/admin-message.ts";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
  pageSize,
} from "../admin-api/page-token.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import type { ActingContext } from "../people/caller.ts";

export const RESULTS_LIMITS = {
  pageNormal: 500,
  /** A megabyte; making it holds the process for some 30 ms. */
  pageMax: 5_000,
  /** Of a file that is written page by page: larger ones are hardly faster, and hold up whoever asks beside it. */
  pageOfExport: 2_000,
  /** Each is looked for on its own in the database. More servers are a matter for the filter. */
  serversMax: 64,
  /** Results that one call looks through in memory: a tenth of a second of the process, however few pass the filter. */
  memoryRowsMax: 200_000,
  /** At a stretch: other calls wait meanwhile, 10 ms where a word is looked for in every text. */
  memoryStretchRowsMax: 5_000,
  /** And in the database: a fifth of a second of one connection, however few pass the filter. */
  databaseRowsMax: 50_000,
} as const;

/** The place between two results. A number of 0 is before all results of its instant. */
export interface ResultPlace {
  readonly ts: Timestamptz;
  readonly id: bigint;
}

export interface ResultsQuestion {
  /** Included. */
  readonly from: Timestamptz;
  /** Excluded. */
  readonly to: Timestamptz;
  readonly order: "newest" | "oldest";
  /** Absent: every check passes. */
  readonly condition: Condition | undefined;
  /** Whose rows they are: checks, or overall scores, which only the database has. */
  readonly writtenBy: MonitorType;
  /** Empty: all. */
  readonly serverIds: readonly bigint[];
  /** The only account whose servers' results are told. Absent: all. */
  readonly accountId: bigint | undefined;
  readonly pageSize: number;
  /** What was told before ends here. */
  readonly place: ResultPlace;
  /** When the first page was asked for. */
  readonly asOf: Timestamptz;
  /** How far back results are kept. */
  readonly horizon: Timestamptz;
  /** What is to be told of a result that comes from the archive beside what lists tell. */
  readonly details?: "steps" | "packets" | undefined;
}

const NS_PER_MS = 1_000_000n;
const EPOCH: Timestamptz = timestamptzFromNs(0n);

export function readQuestion(
  context: ActingContext,
  request: adminV1.ListResultsRequest,
): ResultsQuestion {
  const { clock, caller } = context;
  const page = placeOf(request.pageToken);
  const asOf = page?.asOf ?? timestamptzFromNs(clock.nowNs());
  const asOfNs = nsFromTimestamptz(asOf);
  const horizon = resultHorizon(context, asOfNs);
  const to = instantOf(request.to) ?? asOf;
  // Before the horizon there may be something left, or nothing: that is no mistake of whoever asks.
  const from = instantOf(request.from) ?? (horizon < to ? horizon : EPOCH);
  if (from >= to)
    throw new AppError("bad_request", `the range is empty: from ${from} is not before to ${to}`);
  refuseManyServers(request.serverIds);
  const order = orderOf(request.order);
  return {
    from,
    to,
    order,
    writtenBy: "monitor",
    condition: requestFilter({ clock: { nowNs: () => asOfNs } }, "checks", request.filter),
    serverIds: [...new Set(request.serverIds)],
    accountId: caller?.accountId,
    pageSize: pageSize(request.pageSize, {
      normal: RESULTS_LIMITS.pageNormal,
      max: RESULTS_LIMITS.pageMax,
    }),
    place: page?.place ?? { ts: order === "newest" ? to : from, id: 0n },
    asOf,
    horizon,
  };
}

/** How far back results are kept. */
export function resultHorizon(
  { policy }: Pick<ActingContext, "policy">,
  nowNs: bigint,
): Timestamptz {
  return timestamptzFromNs(nowNs - BigInt(policy.retentionMs) * NS_PER_MS);
}

export function refuseManyServers({ length }: readonly bigint[]): void {
  if (length <= RESULTS_LIMITS.serversMax) return;
  throw new AppError(
    "limit_exceeded",
    `server_ids names ${length} servers: at most ${RESULTS_LIMITS.serversMax}; a filter can let more through`,
  );
}

export function pageTokenOf({ asOf }: ResultsQuestion, { ts, id }: ResultPlace): string {
  return encodePageToken([asOf, ts, String(id)]);
}

function placeOf(
  token: string,
): { readonly asOf: Timestamptz; readonly place: ResultPlace } | undefined {
  if (token === "") return undefined;
  const [asOf = "", ts = "", id = ""] = decodePageToken(token, [
    INSTANT_PATTERN,
    INSTANT_PATTERN,
    INT8_PATTERN,
  ]);
  return { asOf: asOf as Timestamptz, place: { ts: ts as Timestamptz, id: BigInt(id) } };
}

function orderOf(order: adminV1.ResultOrder): ResultsQuestion["order"] {
  switch (order) {
    case adminV1.ResultOrder.UNSPECIFIED:
    case adminV1.ResultOrder.NEWEST_FIRST:
      return "newest";
    case adminV1.ResultOrder.OLDEST_FIRST:
      return "oldest";
    default:
      throw new AppError(
        "bad_request",
        `order ${order} is none: expected RESULT_ORDER_NEWEST_FIRST or RESULT_ORDER_OLDEST_FIRST`,
      );
  }
}
