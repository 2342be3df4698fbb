// WatchResults: one stream. What came since `resume` is read from the database first; what comes meanwhile waits in the
// stream's own buffer, which is bounded: a reader that is too slow is told how much it missed.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { type Clock, whenAborted } from "@truechimer/base";
import {
  covers,
  parsePgSnapshot,
  type ResultsPosition,
  readCommittedResults,
} from "@truechimer/database";
import { timestampFromNs } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import { withEdgeErrors } from "../http/stream-errors.ts";
import { ANSWER_CHECKS_MAX, type LiveFeed, type Watcher } from "./live-feed.ts";
import { createLiveFilter, type LiveFilter } from "./live-filter.ts";
import { decodePosition, encodePosition } from "./live-position.ts";
import { type LiveRow, liveRows, watchedCheck } from "./live-rows.ts";
import { createWaitingRows } from "./waiting-rows.ts";

type Answer = MessageInitShape<typeof adminV1.WatchResultsResponseSchema>;

/** What an answer says beside its checks. */
interface Told {
  readonly position?: string;
  readonly missed?: MessageInitShape<typeof adminV1.WatchMissedSchema>;
}

export const WATCH_LIMITS = {
  /** Checks that wait for a slow reader: some seconds of 5,000 a second that pass its filter, or 10 MB. */
  bufferedMax: 10_000,
  /** Read from the database for one that resumes; more is a matter for ListResults. */
  caughtUpMax: 50_000,
  /** Two of them fit into the five seconds within which a reader is to notice that a connection is dead. */
  heartbeatMs: 2_000,
} as const;

export interface WatchCall {
  readonly signal: AbortSignal;
  /** Whether the answers go out as bytes, rather than as JSON. Default: not. */
  readonly isBinary?: boolean;
}

export async function* watchResults(
  { context, feed }: { readonly context: ServerContext; readonly feed: LiveFeed },
  request: adminV1.WatchResultsRequest,
  call: WatchCall,
): AsyncGenerator<Answer, void> {
  yield* withEdgeErrors(context, "WatchResults", answers(context, feed, { request, ...call }));
}

async function* answers(
  context: ServerContext,
  feed: LiveFeed,
  {
    request,
    signal,
    isBinary = false,
  }: WatchCall & { readonly request: adminV1.WatchResultsRequest },
): AsyncGenerator<Answer, void> {
  const filter = createLiveFilter(context, request.filter);
  const resume = request.resume === "" ? undefined : decodePosition(request.resume);
  let sequence = 0n;
  const answer = (more: Told, rows: readonly LiveRow[] = []): Answer => {
    sequence += 1n;
    const told = create(adminV1.WatchResultsResponseSchema, {
      sequence,
      serverTime: timestampFromNs(context.clock.nowNs()),
      ...more,
      ...(isBinary ? {} : { checks: rows.map(watchedCheck) }),
    });
    if (isBinary) feed.encoded.put(told, rows);
    return told;
  };
  const buffer = createBuffer(filter);
  const { position, leave } = await feed.join(buffer);
  buffer.reach(position);
  try {
    let caughtUp: CaughtUp | undefined;
    // The first answer comes at once: a reader then knows that the stream stands.
    if (resume === undefined) yield answer({ position: encodePosition(position) });
    else {
      caughtUp = { ids: new Set(), upTo: resume };
      for await (const { rows, missed, upTo } of catchUp(context, feed, { resume, filter })) {
        for (const { id } of rows) caughtUp.ids.add(id);
        caughtUp.upTo = upTo;
        yield answer(
          missed ? { missed: { reason: "gone", checks: 0n } } : {},
          filter.passing(rows),
        );
      }
    }
    while (!signal.aborted) {
      await buffer.filled(context.clock, signal);
      if (signal.aborted) return;
      const { rows, slow, lost, reached } = buffer.take();
      const missed = lost
        ? { reason: "gone", checks: 0n }
        : slow > 0n
          ? { reason: "slow", checks: slow }
          : undefined;
      const known = caughtUp?.ids;
      yield answer(
        {
          ...(missed === undefined ? {} : { missed: create(adminV1.WatchMissedSchema, missed) }),
          ...(reached === undefined ? {} : { position: encodePosition(reached) }),
        },
        known === undefined ? rows : rows.filter(({ id }) => !known.has(id)),
      );
      // What comes from there on was not caught up with.
      if (caughtUp !== undefined && reached !== undefined && hasReached(reached, caughtUp.upTo))
        caughtUp = undefined;
    }
  } finally {
    leave();
  }
}

/** What a stream that resumes was told of before it followed the others. */
interface CaughtUp {
  readonly ids: Set<bigint>;
  /** It was visible there. */
  upTo: ResultsPosition;
}

function hasReached(position: ResultsPosition, other: ResultsPosition): boolean {
  return (
    position.cluster === other.cluster &&
    covers(parsePgSnapshot(position.snapshot), parsePgSnapshot(other.snapshot))
  );
}

interface CaughtUpPage {
  readonly rows: readonly LiveRow[];
  /** What came before these cannot be told. */
  readonly missed: boolean;
  readonly upTo: ResultsPosition;
}

async function* catchUp(
  { database: { kysely } }: ServerContext,
  feed: LiveFeed,
  { resume, filter }: { readonly resume: ResultsPosition; readonly filter: LiveFilter },
): AsyncGenerator<CaughtUpPage, void> {
  const exceptMonitorIds = await feed.scorerIds();
  let position = resume;
  let read = 0;
  for (;;) {
    const resultsMax = ANSWER_CHECKS_MAX;
    const page = await readCommittedResults(kysely, position, { exceptMonitorIds, resultsMax });
    if (page.kind === "lost" || read > WATCH_LIMITS.caughtUpMax) {
      yield { rows: [], missed: true, upTo: position };
      return;
    }
    const { columns } = filter;
    const rows = await liveRows(kysely, page, { exceptMonitorIds, columns });
    read += rows.length;
    position = page.position;
    yield { rows, missed: false, upTo: position };
    if (page.complete) return;
  }
}

interface Buffer extends Watcher {
  /** Where it begins. */
  readonly reach: (position: ResultsPosition) => void;
  /** Resolves when there is something, or when a heartbeat is due. */
  readonly filled: (clock: Clock, signal: AbortSignal) => Promise<void>;
  readonly take: () => {
    readonly rows: readonly LiveRow[];
    /** Checks that the full buffer did not hold. */
    readonly slow: bigint;
    readonly lost: boolean;
    /** Absent: more waits that belongs before it. */
    readonly reached: ResultsPosition | undefined;
  };
}

function createBuffer(filter: LiveFilter): Buffer {
  const waiting = createWaitingRows();
  let slow = 0n;
  let lost = false;
  let reached: ResultsPosition | undefined;
  let wake: (() => void) | undefined;
  return {
    filter,
    reach: (position) => {
      reached ??= position;
    },
    rows: (rows, position) => {
      reached = position;
      waiting.push(rows);
      const over = waiting.length - WATCH_LIMITS.bufferedMax;
      if (over > 0) {
        // The newest are worth most to somebody who looks at what happens now.
        waiting.dropOldest(over);
        slow += BigInt(over);
      }
      if (waiting.length > 0) wake?.();
    },
    lost: (position) => {
      reached = position;
      lost = true;
      wake?.();
    },
    filled: async (clock, signal) => {
      if (waiting.length > 0 || lost || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const cancel = clock.setTimer(WATCH_LIMITS.heartbeatMs, resolve);
      const stopListening = whenAborted(signal, resolve);
      await promise;
      cancel();
      stopListening();
      wake = undefined;
    },
    take: () => {
      const rows = waiting.take(ANSWER_CHECKS_MAX);
      const taken = { rows, slow, lost, reached: waiting.length === 0 ? reached : undefined };
      slow = 0n;
      lost = false;
      return taken;
    },
  };
}
