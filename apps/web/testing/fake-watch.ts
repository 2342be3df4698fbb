// The fake's live stream: what its monitors see from now on, or since the position that a reader goes on from.

import { setTimeout as wait } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { adminV1 } from "@truechimer/api";
import { checkReaders, passesFilter } from "./fake-filter.ts";
import type { FakeMonitor } from "./lab-facts.ts";
import { checkIndexAt, observe, scoreAfter } from "./observations.ts";
import { type WatchedServer, wireCheck, wireServer } from "./wire.ts";

const LOOK_MS = 250;

export interface FakeWatchOptions {
  readonly servers: () => readonly WatchedServer[];
  readonly monitors: readonly FakeMonitor[];
  readonly wireMonitors: () => readonly adminV1.Monitor[];
  readonly request: adminV1.WatchResultsRequest;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Nothing is sent while it is so: as over a connection whose other end has gone without a word. */
  readonly isSilent: () => boolean;
  /** Checks a second that come beside those of the fleet. */
  readonly flood: () => number;
}

export async function* fakeWatch(
  options: FakeWatchOptions,
): AsyncGenerator<MessageInitShape<typeof adminV1.WatchResultsResponseSchema>, void> {
  const { request, nowMs, signal } = options;
  let fromMs = request.resume === "" ? nowMs() : Number(request.resume);
  for (let sequence = 1n; !signal.aborted; sequence += 1n) {
    while (options.isSilent() && !signal.aborted)
      await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
    const toMs = nowMs();
    yield {
      sequence,
      position: String(toMs),
      serverTime: timestampFromMs(toMs),
      checks: [...checksBetween(options, fromMs, toMs), ...floodBetween(options, fromMs, toMs)],
    };
    fromMs = toMs;
    await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Of each monitor and server the newest, if it is of this time. */
function checksBetween(
  { servers, monitors, wireMonitors, request }: FakeWatchOptions,
  fromMs: number,
  toMs: number,
): MessageInitShape<typeof adminV1.WatchedCheckSchema>[] {
  const passes = passesFilter(request.filter, {
    subject: "checks",
    nowMs: toMs,
    readers: checkReaders,
  });
  const wired = new Map(wireMonitors().map((monitor) => [monitor.id, monitor]));
  return servers().flatMap((server) =>
    monitors.flatMap((one) => {
      const monitor = wired.get(one.id);
      const index = checkIndexAt(server.facts, one, toMs);
      const seen = observe(server.facts, one, index, toMs);
      if (monitor === undefined || seen === undefined) return [];
      if (seen.atMs <= fromMs || seen.atMs > toMs) return [];
      const check = wireCheck(server, one, seen, scoreAfter(server.facts, one, index, toMs));
      if (!passes({ check, server: wireServer(server, monitors, toMs), monitor })) return [];
      return [
        {
          check,
          serverName: server.facts.name,
          acceptedAt: timestampFromMs(Math.round(seen.atMs)),
        },
      ];
    }),
  );
}

/** Of the first server and monitor, evenly over the time. */
function floodBetween(
  { servers, monitors, flood }: FakeWatchOptions,
  fromMs: number,
  toMs: number,
): MessageInitShape<typeof adminV1.WatchedCheckSchema>[] {
  const [server, monitor] = [servers()[0], monitors[0]];
  const count = Math.floor((flood() * (toMs - fromMs)) / 1_000);
  if (server === undefined || monitor === undefined) return [];
  const index = checkIndexAt(server.facts, monitor, toMs);
  const seen = observe(server.facts, monitor, index, toMs);
  if (seen === undefined) return [];
  const check = wireCheck(server, monitor, seen, 20);
  return Array.from({ length: count }, (_, nth) => {
    const at = timestampFromMs(Math.ceil(fromMs + ((nth + 1) * (toMs - fromMs)) / count));
    const id = BigInt(Math.ceil(fromMs)) * 10_000n + BigInt(nth);
    return { check: { ...check, id, at }, serverName: server.facts.name, acceptedAt: at };
  });
}
