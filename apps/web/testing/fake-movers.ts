// The fake's movers: each server's last time against the one before, and the scores that it tells.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { analyticsV1 } from "@truechimer/api";
import type { FakeAnalyticsOptions } from "./fake-analytics.ts";
import {
  type FakeRange,
  figuresOf,
  pairValue,
  rangeOf,
  seenBetween,
  wireRange,
} from "./fake-figures.ts";
import { wireServer } from "./wire.ts";

const { Measure } = analyticsV1;
const EDGES = [-100, -50, 0, 5, 10, 15, 18, 19, 19.5, 20];

export function moversOf(
  options: FakeAnalyticsOptions,
  request: analyticsV1.GetMoversRequest,
): analyticsV1.GetMoversResponse {
  const later = rangeOf(request, options.nowMs());
  const lengthMs = later.toMs - later.fromMs;
  const earlier: FakeRange = { ...later, fromMs: later.fromMs - lengthMs, toMs: later.fromMs };
  const measure = request.measure === Measure.UNSPECIFIED ? Measure.OFFSET : request.measure;
  const servers = options.servers().map((server) => {
    const figures = (range: FakeRange): analyticsV1.CheckFigures =>
      figuresOf(options.monitors.flatMap((monitor) => seenBetween(server, monitor, range)));
    const [before, after] = [figures(earlier), figures(later)];
    const change = pairValue(measure, after) - pairValue(measure, before);
    return {
      server,
      wired: wireServer(server, options.monitors, later.nowMs),
      before,
      after,
      change,
    };
  });
  const compared = servers.filter(({ change }) => !Number.isNaN(change));
  const scores = servers.map(({ wired }) => wired.score ?? 0);
  return create(analyticsV1.GetMoversResponseSchema, {
    range: wireRange(
      { ...later, fromMs: earlier.fromMs },
      servers.reduce((sum, { before, after }) => sum + before.checks + after.checks, 0n),
    ),
    measure,
    middle: timestampFromMs(Math.round(later.fromMs)),
    movers: compared
      .filter(({ change }) => change > 0)
      .toSorted((one, other) => other.change - one.change)
      .slice(0, 20)
      .map(({ wired, before, after, change }) => ({
        serverId: wired.id,
        serverName: wired.name,
        family: wired.family,
        verdict: wired.verdict,
        before,
        after,
        change,
        ...(measure === Measure.OFFSET
          ? {
              changeBound:
                Number(before.offset?.boundNs ?? 0n) + Number(after.offset?.boundNs ?? 0n),
            }
          : {}),
      })),
    serversCompared: compared.length,
    serversNotCompared: servers.length - compared.length,
    scores: EDGES.slice(0, -1).map((from, at) => {
      const to = EDGES[at + 1] ?? 20;
      const own = scores.filter((score) => score >= from && (score < to || to === 20));
      return { from, to, servers: own.length, dipped: from < 10 ? own.length : 0 };
    }),
  });
}
