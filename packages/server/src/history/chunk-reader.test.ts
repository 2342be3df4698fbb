import { expect, test } from "vitest";
import { type ChunkReader, createChunkReader } from "./chunk-reader.ts";
import type { LoadReport, LoadRequest } from "./load-worker.ts";

const DAY = { fromUs: 100, toUs: 200 };
const DAY_BEFORE = { fromUs: 0, toUs: 100 };

interface Thread extends ChunkReader {
  readonly asked: LoadRequest[];
  /** Answers the oldest question that was not answered. */
  readonly answer: (report: Partial<Extract<LoadReport, { kind: "chunk" }>>) => Promise<void>;
  readonly fail: () => Promise<void>;
}

function aRequest(parts: Partial<LoadRequest> = {}): LoadRequest {
  return {
    kind: "read",
    window: DAY,
    before: undefined,
    rowsMax: 10,
    counts: true,
    ahead: undefined,
    ...parts,
  };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function useThreads(): { readonly reader: ChunkReader; readonly threads: readonly Thread[] } {
  const threads: Thread[] = [];
  const reader = createChunkReader({ url: "" }, () => {
    const waiting: ((report: LoadReport) => void)[] = [];
    const asked: LoadRequest[] = [];
    const tell = async (report: LoadReport): Promise<void> => {
      waiting.shift()?.(report);
      await turn();
    };
    const thread: Thread = {
      asked,
      read: (request) => {
        asked.push(request);
        expect(waiting).toHaveLength(0);
        return new Promise((resolve) => waiting.push(resolve));
      },
      answer: async (parts) =>
        await tell({
          kind: "chunk",
          packed: [],
          rows: 10,
          oldest: { atUs: 150, id: 1 },
          remaining: undefined,
          ...parts,
        }),
      fail: async () => await tell({ kind: "failed", lost: true, code: "gone", message: "gone" }),
      [Symbol.asyncDispose]: async () => undefined,
    };
    threads.push(thread);
    return thread;
  });
  return { reader, threads };
}

test("the next chunk is read before it is asked for, and is there when it is", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest());
  await turn();
  const [thread] = threads as [Thread];
  await thread.answer({ remaining: 10 });
  expect(await first).toMatchObject({ kind: "chunk", remaining: 10 });
  const before = { atUs: 150, id: 1 };
  expect(thread.asked[1]).toMatchObject({ before, counts: false });
  await thread.answer({ rows: 3, oldest: { atUs: 101, id: 2 } });
  expect(await reader.read(aRequest({ before, counts: false }))).toMatchObject({ rows: 3 });
  // A chunk that is not full is the last of its window.
  expect(thread.asked).toHaveLength(2);
});

test("a thread is made when there is something for it to read", async () => {
  const { reader, threads } = useThreads();
  expect(threads).toHaveLength(0);
  const first = reader.read(aRequest());
  await turn();
  expect(threads).toHaveLength(1);
  await threads[0]?.answer({ rows: 1 });
  await first;
  await reader[Symbol.asyncDispose]();
});

test("the window that comes next is read by the other thread meanwhile", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest({ ahead: DAY_BEFORE }));
  await turn();
  // The one that reads ahead is begun first.
  const [other, one] = threads as [Thread, Thread];
  expect(other.asked).toEqual([aRequest({ window: DAY_BEFORE })]);
  await other.answer({ rows: 2, oldest: { atUs: 5, id: 7 } });
  await one.answer({ rows: 1 });
  await first;
  expect(await reader.read(aRequest({ window: DAY_BEFORE }))).toMatchObject({ rows: 2 });
  expect(one.asked).toHaveLength(1);
});

test("what was read ahead and is asked for otherwise is read anew", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest());
  await turn();
  const [thread] = threads as [Thread];
  await thread.answer({});
  await first;
  const second = reader.read(aRequest({ before: { atUs: 150, id: 1 }, counts: false, rowsMax: 4 }));
  await turn();
  // What is under way has to end first: a thread has one question at a time.
  await thread.answer({ rows: 9 });
  await thread.answer({ rows: 4 });
  expect(await second).toMatchObject({ rows: 4 });
});

test("after the first chunk of all nothing is foreseen: the next one is larger, and counts", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest({ counts: false }));
  await turn();
  const [thread] = threads as [Thread];
  await thread.answer({});
  await first;
  expect(thread.asked).toHaveLength(1);
});

test("a failure is told to whoever asks for that chunk, and nothing is read behind it", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest());
  await turn();
  const [thread] = threads as [Thread];
  await thread.answer({});
  await first;
  await thread.fail();
  const before = { atUs: 150, id: 1 };
  expect(await reader.read(aRequest({ before, counts: false }))).toMatchObject({ code: "gone" });
  expect(thread.asked).toHaveLength(2);
  const again = reader.read(aRequest({ before, counts: false }));
  await turn();
  await thread.answer({ rows: 1 });
  expect(await again).toMatchObject({ rows: 1 });
});

test("a thread reads so many chunks ahead and no more, until one is taken", async () => {
  const { reader, threads } = useThreads();
  const first = reader.read(aRequest());
  await turn();
  const [thread] = threads as [Thread];
  for (let at = 0; at < 40; at += 1) await thread.answer({ oldest: { atUs: 199 - at, id: at } });
  await first;
  const ahead = thread.asked.length - 1;
  expect(ahead).toBe(12);
  await reader.read(aRequest({ before: { atUs: 199, id: 0 }, counts: false }));
  await turn();
  expect(thread.asked.length - 1).toBe(ahead + 1);
  await reader[Symbol.asyncDispose]();
});
