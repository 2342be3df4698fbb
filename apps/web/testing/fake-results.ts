// The fake's stored checks: what its monitors saw in a range of time, page by page.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import { checkReaders, passesFilter } from "./fake-filter.ts";
import { type FakeMonitor, HORIZON_AGE_MS, INTERVAL_MS } from "./lab-facts.ts";
import { checkIndexAt, type Observation, observe, scoreAfter } from "./observations.ts";
import { type WatchedServer, wireCheck, wireServer } from "./wire.ts";

const PAGE_NORMAL = 500;
const PAGE_MAX = 5_000;
/** A call looks through so much of the range, as the real one through so many results. */
const LOOKED_MS_MAX = 60 * 60_000;
/** Its memory holds six hours. */
const MEMORY_MS = 6 * 3_600_000;

export interface FakeResultsOptions {
  readonly servers: readonly WatchedServer[];
  readonly monitors: readonly FakeMonitor[];
  readonly wireMonitors: readonly adminV1.Monitor[];
  readonly request: adminV1.ListResultsRequest;
  readonly nowMs: number;
}

interface Seen {
  readonly server: WatchedServer;
  readonly monitor: FakeMonitor;
  readonly index: number;
  readonly observation: Observation;
  readonly atMs: number;
}

export function fakeResults(
  options: FakeResultsOptions,
): MessageInitShape<typeof adminV1.ListResultsResponseSchema> {
  const { request, nowMs } = options;
  const [asOf = nowMs, placeMs, placeId] =
    request.pageToken === "" ? [] : request.pageToken.split("|").map(Number);
  const toMs = Math.min(msOr(request.to, asOf), asOf + 1);
  const horizonMs = nowMs - HORIZON_AGE_MS;
  const fromMs = Math.max(msOr(request.from, 0), Math.min(horizonMs, toMs - 1));
  const pageSize = request.pageSize === 0 ? PAGE_NORMAL : request.pageSize;
  if (fromMs >= toMs) throw appError(Code.InvalidArgument, "bad_request", "the range is empty");
  if (pageSize > PAGE_MAX)
    throw appError(Code.ResourceExhausted, "limit_exceeded", `page_size ${pageSize} is too large`);
  const isOldest = request.order === adminV1.ResultOrder.OLDEST_FIRST;
  const beginMs = placeMs ?? (isOldest ? fromMs : toMs);
  const endMs = isOldest
    ? Math.min(toMs, beginMs + LOOKED_MS_MAX)
    : Math.max(fromMs, beginMs - LOOKED_MS_MAX);
  const [lowMs, highMs] = isOldest ? [beginMs, endMs] : [endMs, beginMs + 1];
  const direction = isOldest ? 1 : -1;
  const ahead = seenBetween(options, Math.max(fromMs, lowMs), Math.min(toMs, highMs))
    .filter(({ atMs, observation }) => {
      if (placeId === undefined || atMs !== placeMs) return true;
      return (Number(observation.id) - placeId) * direction > 0;
    })
    .toSorted(
      (a, b) => direction * (a.atMs - b.atMs || Number(a.observation.id - b.observation.id)),
    );
  const page = ahead.slice(0, pageSize);
  const last = page.at(-1);
  const isOver = ahead.length === page.length && endMs === (isOldest ? toMs : fromMs);
  const reachedMs = ahead.length > page.length && last !== undefined ? last.atMs : endMs;
  const reachedId = ahead.length > page.length ? last?.observation.id : 0n;
  return {
    checks: page.map((seen) => listed(seen, nowMs)),
    nextPageToken: isOver ? "" : `${asOf}|${reachedMs}|${reachedId}`,
    reached: timestampFromMs(reachedMs),
    fromMemory: reachedMs >= nowMs - MEMORY_MS,
    fromDatabase: reachedMs < nowMs - MEMORY_MS,
    memoryHorizon: timestampFromMs(nowMs - MEMORY_MS),
    horizon: timestampFromMs(nowMs - HORIZON_AGE_MS),
  };
}

function msOr(timestamp: Timestamp | undefined, absent: number): number {
  return timestamp === undefined ? absent : timestampMs(timestamp);
}

function seenBetween(
  { servers, monitors, wireMonitors, request, nowMs }: FakeResultsOptions,
  fromMs: number,
  toMs: number,
): readonly Seen[] {
  const passes = passesFilter(request.filter, { subject: "checks", nowMs, readers: checkReaders });
  const wired = new Map(wireMonitors.map((monitor) => [monitor.id, monitor]));
  const found: Seen[] = [];
  for (const server of servers) {
    if (request.serverIds.length > 0 && !request.serverIds.includes(server.facts.id)) continue;
    const wire = wireServer(server, monitors, nowMs);
    for (const monitor of monitors) {
      const wiredMonitor = wired.get(monitor.id);
      if (wiredMonitor === undefined) continue;
      const first = checkIndexAt(server.facts, monitor, fromMs) - 1;
      const count = Math.ceil((toMs - fromMs) / INTERVAL_MS) + 3;
      for (let index = first; index < first + count; index += 1) {
        const observation = observe(server.facts, monitor, index, nowMs);
        const atMs = Math.round(observation?.atMs ?? Number.NaN);
        if (observation === undefined || !(atMs >= fromMs && atMs < toMs)) continue;
        const check = wireCheck(server, monitor, observation, 0);
        if (passes({ check, server: wire, monitor: wiredMonitor }))
          found.push({ server, monitor, index, observation, atMs });
      }
    }
  }
  return found;
}

function listed(
  { server, monitor, index, observation }: Seen,
  nowMs: number,
): MessageInitShape<typeof adminV1.ListedCheckSchema> {
  const score = scoreAfter(server.facts, monitor, index, nowMs);
  return { check: wireCheck(server, monitor, observation, score), serverName: server.facts.name };
}
