// GetServerHistory: offsets and scores over time, one series a monitor and one for the overall score. Where there are
// more results than points, each slot keeps its extremes: least and greatest offset, worst score, first failure.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { nsFromTimestamptz, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { knownFrom } from "../archive/archive-border.ts";
import type { ServerContext } from "../context.ts";
import { RECENT_MEDIAN_SCORER } from "../scorer/scorers.ts";
import { ASSIGNMENT_STATUSES, instantOf, timestampFrom } from "./admin-message.ts";
import { serverEventMessages } from "./event-messages.ts";
import { type HistoryRow, type HistorySelection, KEPT_A_SLOT } from "./history-rows.ts";
import { historySource } from "./history-source.ts";

const POINTS_NORMAL = 2_000;
const POINTS_MAX = 20_000;
/** Of all series of one answer together: some 5 MB, and no more work than that for one request. */
export const HISTORY_POINTS_TOTAL_MAX = 50_000;
const EVENTS_MAX = 500;
const DAY_NS = 86_400_000_000_000n;
const NS_PER_MS = 1_000_000n;

export async function getServerHistory(
  context: ServerContext,
  request: adminV1.GetServerHistoryRequest,
): Promise<adminV1.GetServerHistoryResponse> {
  const { kysely } = context.database;
  const server = await kysely
    .selectFrom("servers")
    .select(["id", "created_on"])
    .where("id", "=", request.serverId)
    .executeTakeFirst();
  if (server === undefined)
    throw new AppError("not_found", `there is no server with the id ${request.serverId}`);
  const { from, to, horizon } = await rangeOf(context, request, server.created_on);
  const pointsAsked = pointsOf(request.pointsMax);
  const selection: HistorySelection = {
    serverId: request.serverId,
    from,
    to,
    monitorIds: request.monitorIds,
  };
  const source = await historySource(context, selection);
  const { counts } = source;
  const share = Math.floor(HISTORY_POINTS_TOTAL_MAX / Math.max(1, counts.series));
  const pointsMax = Math.max(KEPT_A_SLOT, Math.min(pointsAsked, share));
  const downSampled = counts.rowsMax > pointsAsked || counts.rowsTotal > HISTORY_POINTS_TOTAL_MAX;
  const [rows, events] = await Promise.all([
    downSampled ? source.extremes(pointsMax) : source.rows(),
    serverEventMessages(context, { serverId: request.serverId, from, to, limit: EVENTS_MAX }),
  ]);
  return create(adminV1.GetServerHistoryResponseSchema, {
    series: seriesOf(rows),
    from: timestampFrom(from),
    to: timestampFrom(to),
    horizon: timestampFrom(horizon),
    downSampled,
    rowsTotal: BigInt(counts.rowsTotal),
    events,
    fromMemory: source.isMemory,
    fromArchive: source.hasArchived,
  });
}

interface Range {
  readonly from: Timestamptz;
  readonly to: Timestamptz;
  readonly horizon: Timestamptz;
}

/** Nothing is known from before the server was added, nor from before what is kept. */
async function rangeOf(
  context: ServerContext,
  request: adminV1.GetServerHistoryRequest,
  createdOn: Timestamptz,
): Promise<Range> {
  const { clock, policy } = context;
  const nowNs = clock.nowNs();
  const to = instantOf(request.to) ?? timestamptzFromNs(nowNs);
  const from = instantOf(request.from) ?? timestamptzFromNs(nsFromTimestamptz(to) - DAY_NS);
  if (from >= to)
    throw new AppError("bad_request", `the range is empty: ${from} is not before ${to}`);
  const retention = timestamptzFromNs(nowNs - BigInt(policy.retentionMs) * NS_PER_MS);
  const kept = await knownFrom(context, { from, retention });
  const horizon = kept > createdOn ? kept : createdOn;
  return { from: from < horizon && horizon < to ? horizon : from, to, horizon };
}

function pointsOf(requested: number): number {
  if (requested > POINTS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `points_max ${requested} is too large: at most ${POINTS_MAX}`,
    );
  }
  if (requested > 0 && requested < KEPT_A_SLOT) {
    throw new AppError(
      "bad_request",
      `points_max ${requested} is too small: at least ${KEPT_A_SLOT}, or 0 for ${POINTS_NORMAL}`,
    );
  }
  return requested === 0 ? POINTS_NORMAL : requested;
}

function seriesOf(rows: readonly HistoryRow[]): adminV1.HistorySeries[] {
  const grouped = Map.groupBy(rows, ({ type, hostname, monitor_id }) =>
    type === "score" && hostname === RECENT_MEDIAN_SCORER ? 0n : monitor_id,
  );
  return [...grouped]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([monitorId, own]) => {
      const [first] = own;
      return create(adminV1.HistorySeriesSchema, {
        monitorId,
        monitorName: first?.hostname ?? "",
        ...(first?.status ? { status: ASSIGNMENT_STATUSES[first.status] } : {}),
        atMs: own.map(({ ts }) => Number(nsFromTimestamptz(ts) / 1_000n) / 1_000),
        offsetNs:
          monitorId === 0n
            ? []
            : own.map(({ offset_ns, reason }) =>
                reason === null ? numberOf(offset_ns) : Number.NaN,
              ),
        boundNs: monitorId === 0n ? [] : own.map(({ bound_ns }) => numberOf(bound_ns)),
        rttNs: monitorId === 0n ? [] : own.map(({ rtt_ns }) => numberOf(rtt_ns)),
        score: own.map(({ score }) => score),
        step: own.map(({ step }) => step),
        checkId: own.map(({ id }) => id),
        reason: own.map(({ reason }) => reason ?? ""),
      });
    });
}

function numberOf(value: bigint | null): number {
  return value === null ? Number.NaN : Number(value);
}
