// Chunks of history from two threads: while one reads the window that is asked for, the other reads the one that comes
// next, and each goes on to the next chunk before it is asked. What was read ahead and is then not asked for is dropped.

import { createLoadThread } from "./load-thread.ts";
import type { LoadReport, LoadRequest, LoadWorkerData } from "./load-worker.ts";

export interface ChunkReader extends AsyncDisposable {
  /** One at a time. Never fails: what went wrong is in the report. */
  read(request: LoadRequest): Promise<LoadReport>;
}

/** More find no core, nor another disk. */
const LANES = 2;
/** Of a lane: 28 MB. A window of the fill is about as large. */
const CHUNKS_AHEAD_MAX = 12;

export function createChunkReader(
  data: LoadWorkerData,
  createThread: (data: LoadWorkerData) => ChunkReader = createLoadThread,
): ChunkReader {
  const lanes = Array.from({ length: LANES }, () => new Lane(() => createThread(data)));
  return {
    read: async (request) => {
      const lane = lanes.find((each) => each.isAt(request)) ?? lanes[0];
      const others = lanes.filter((each) => each !== lane);
      if (request.ahead !== undefined) others[0]?.begin(firstOf(request, request.ahead));
      return await (lane as Lane).read(request);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(lanes.map(async (lane) => await lane[Symbol.asyncDispose]()));
    },
  };
}

/** What will be asked first of a window. */
function firstOf({ rowsMax }: LoadRequest, window: LoadRequest["window"]): LoadRequest {
  return { kind: "read", window, before: undefined, rowsMax, counts: true, ahead: undefined };
}

interface Foreseen {
  readonly request: LoadRequest;
  readonly answer: Promise<LoadReport>;
  report: LoadReport | undefined;
}

class Lane implements AsyncDisposable {
  readonly #createThread: () => ChunkReader;
  /** Absent: nothing was to be read yet. */
  #thread: ChunkReader | undefined;
  /** In the order in which they will be asked for; the last one may be under way. */
  #foreseen: Foreseen[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(createThread: () => ChunkReader) {
    this.#createThread = createThread;
  }

  isAt(request: LoadRequest): boolean {
    const [next] = this.#foreseen;
    return next !== undefined && isSame(next.request, request);
  }

  /** Nothing where the lane is at something already. */
  begin(request: LoadRequest): void {
    if (this.#foreseen.length === 0) this.#foresee(request);
  }

  async read(request: LoadRequest): Promise<LoadReport> {
    if (!this.isAt(request)) {
      this.#foreseen = [];
      this.#foresee(request);
    }
    const asked = this.#foreseen[0] as Foreseen;
    const report = await asked.answer;
    this.#foreseen.shift();
    this.#goOn();
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#foreseen = [];
    await this.#thread?.[Symbol.asyncDispose]();
  }

  #foresee(request: LoadRequest): void {
    const thread = (this.#thread ??= this.#createThread());
    const foreseen: Foreseen = {
      request,
      report: undefined,
      answer: this.#last.then(async () => await thread.read(request)),
    };
    this.#foreseen.push(foreseen);
    this.#last = foreseen.answer.then((report) => {
      foreseen.report = report;
      this.#goOn();
    });
  }

  #goOn(): void {
    const newest = this.#foreseen.at(-1);
    if (newest?.report === undefined || this.#foreseen.length >= CHUNKS_AHEAD_MAX) return;
    const next = nextOf(newest.request, newest.report);
    if (next !== undefined) this.#foresee(next);
  }
}

/** What will be asked after this; undefined: nothing, or it cannot be known. */
function nextOf(request: LoadRequest, report: LoadReport): LoadRequest | undefined {
  if (report.kind === "failed" || report.oldest === undefined) return undefined;
  if (report.rows < request.rowsMax) return undefined;
  // The first chunk of all is smaller than those that follow, and nothing was counted with it.
  if (request.before === undefined && !request.counts) return undefined;
  return { ...request, before: report.oldest, counts: false };
}

function isSame(a: LoadRequest, b: LoadRequest): boolean {
  return (
    a.window.fromUs === b.window.fromUs &&
    a.window.toUs === b.window.toUs &&
    a.before?.atUs === b.before?.atUs &&
    a.before?.id === b.before?.id &&
    a.rowsMax === b.rowsMax &&
    a.counts === b.counts
  );
}
