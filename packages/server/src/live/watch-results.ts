// WatchResults: one stream. What came since `resume` is read from the database first; what comes meanwhile waits in the
// stream's own buffer, which is bounded: a reader that is too slow is told how much it missed.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { type Clock, sleep } from "@truechimer/base";
import { type ResultsPosition, readCommittedResults } from "@truechimer/database";
import { compileCondition } from "@truechimer/filter";
import { timestampFromNs } from "../admin-api/admin-message.ts";
import type { ServerContext } from "../context.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { withEdgeErrors } from "../http/stream-errors.ts";
import type { LiveFeed } from "./live-feed.ts";
import { decodePosition, encodePosition } from "./live-position.ts";
import { type LiveRow, liveReaders, liveRows, watchedCheck } from "./live-rows.ts";

type Answer = MessageInitShape<typeof adminV1.WatchResultsResponseSchema>;

/** What an answer says beside its checks. */
interface Told {
  readonly position?: string;
  readonly missed?: MessageInitShape<typeof adminV1.WatchMissedSchema>;
}

export const WATCH_LIMITS = {
  /** Checks that wait for a slow reader: some seconds of 5,000 a second that pass its filter, or 10 MB. */
  bufferedMax: 10_000,
  /** In one answer: some 200 KB. */
  checksAnAnswerMax: 1_000,
  /** Read from the database for one that resumes; more is a matter for ListChecks. */
  caughtUpMax: 50_000,
  heartbeatMs: 5_000,
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
  const passes = currentFilter(context, request.filter);
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
  const buffer = createBuffer(passes);
  const { position, leave } = await feed.join(buffer);
  buffer.reach(position);
  try {
    const caughtUp = new Set<bigint>();
    // The first answer comes at once: a reader then knows that the stream stands.
    if (resume === undefined) yield answer({ position: encodePosition(position) });
    else {
      for await (const { rows, missed } of catchUp(context, feed, resume)) {
        for (const { id } of rows) caughtUp.add(id);
        yield answer(missed ? { missed: { reason: "gone", checks: 0n } } : {}, rows.filter(passes));
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
      yield answer(
        {
          ...(missed === undefined ? {} : { missed: create(adminV1.WatchMissedSchema, missed) }),
          ...(reached === undefined ? {} : { position: encodePosition(reached) }),
        },
        caughtUp.size === 0 ? rows : rows.filter(({ id }) => !caughtUp.has(id)),
      );
    }
  } finally {
    leave();
  }
}

/** Ages are counted from now: the condition is made anew each second. */
function currentFilter(context: ServerContext, text: string): (row: LiveRow) => boolean {
  const compile = (): ((row: LiveRow) => boolean) => {
    const condition = requestFilter(context, "checks", text);
    return condition === undefined ? () => true : compileCondition(condition, liveReaders);
  };
  let compiledNs = context.clock.monotonicNs();
  let compiled = compile();
  return (row) => {
    const nowNs = context.clock.monotonicNs();
    if (nowNs - compiledNs > 1_000_000_000n) {
      compiled = compile();
      compiledNs = nowNs;
    }
    return compiled(row);
  };
}

interface CaughtUp {
  readonly rows: readonly LiveRow[];
  /** What came before these cannot be told. */
  readonly missed: boolean;
}

async function* catchUp(
  { database: { kysely } }: ServerContext,
  feed: LiveFeed,
  resume: ResultsPosition,
): AsyncGenerator<CaughtUp, void> {
  const exceptMonitorIds = await feed.scorerIds();
  let position = resume;
  let read = 0;
  for (;;) {
    const resultsMax = WATCH_LIMITS.checksAnAnswerMax;
    const page = await readCommittedResults(kysely, position, { exceptMonitorIds, resultsMax });
    if (page.kind === "lost" || read > WATCH_LIMITS.caughtUpMax) {
      yield { rows: [], missed: true };
      return;
    }
    const rows = await liveRows(kysely, page, exceptMonitorIds);
    read += rows.length;
    yield { rows, missed: false };
    if (page.complete) return;
    position = page.position;
  }
}

interface Buffer {
  readonly rows: (rows: readonly LiveRow[], position: ResultsPosition) => void;
  readonly lost: (position: ResultsPosition) => void;
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

function createBuffer(passes: (row: LiveRow) => boolean): Buffer {
  let waiting: LiveRow[] = [];
  let slow = 0n;
  let lost = false;
  let reached: ResultsPosition | undefined;
  let wake: (() => void) | undefined;
  return {
    reach: (position) => {
      reached ??= position;
    },
    rows: (rows, position) => {
      reached = position;
      for (const row of rows) if (passes(row)) waiting.push(row);
      const over = waiting.length - WATCH_LIMITS.bufferedMax;
      if (over > 0) {
        // The newest are worth most to somebody who looks at what happens now.
        waiting = waiting.slice(over);
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
      if (waiting.length > 0 || lost) return;
      const due = new AbortController();
      wake = () => due.abort();
      await sleep(clock, WATCH_LIMITS.heartbeatMs, AbortSignal.any([due.signal, signal])).catch(
        () => undefined,
      );
      wake = undefined;
    },
    take: () => {
      const rows = waiting.slice(0, WATCH_LIMITS.checksAnAnswerMax);
      waiting = waiting.slice(rows.length);
      const taken = { rows, slow, lost, reached: waiting.length === 0 ? reached : undefined };
      slow = 0n;
      lost = false;
      return taken;
    },
  };
}
