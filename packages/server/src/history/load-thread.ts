// A thread that reads chunks of history, one at a time.

import { Worker } from "node:worker_threads";
import type { LoadReport, LoadRequest, LoadWorkerData } from "./load-worker.ts";

export interface ChunkReader extends AsyncDisposable {
  /** One at a time. Never fails: what went wrong is in the report. */
  read(request: LoadRequest): Promise<LoadReport>;
}

/** Some rows on their way in; all that it keeps it gives away. */
const MEMORY_MB_MAX = 256;

/** The thread ends when it is disposed, whatever it is doing. */
export function createLoadThread(data: LoadWorkerData): ChunkReader {
  const isSource = import.meta.url.endsWith(".ts");
  const worker = new Worker(new URL(`./load-worker.${isSource ? "ts" : "js"}`, import.meta.url), {
    workerData: data,
    name: "history",
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
    execArgv: isSource ? ["--conditions=source"] : [],
  });
  let ended: string | undefined;
  let waiting: ((report: LoadReport) => void) | undefined;
  worker.on("message", (report: LoadReport) => waiting?.(report));
  worker.on("error", (error) => {
    ended = error instanceof Error ? error.message : String(error);
  });
  worker.on("exit", () => {
    ended ??= "the thread ended";
    waiting?.(threadEnded(ended));
  });
  return {
    read: (request) =>
      new Promise((resolve) => {
        waiting = resolve;
        if (ended === undefined) worker.postMessage(request);
        else resolve(threadEnded(ended));
      }),
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}

function threadEnded(message: string): LoadReport {
  return { kind: "failed", lost: false, code: "history_thread_ended", message };
}
