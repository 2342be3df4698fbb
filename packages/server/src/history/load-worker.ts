// The thread that reads results and packs them: what is parsed here does not hold up those who are being answered. Each
// message from the server asks for one chunk; its blocks go back without being copied.

import { parentPort, workerData } from "node:worker_threads";
import { AppError } from "@truechimer/base";
import { createResultsReader } from "@truechimer/database/results-copy";
import { BLOCK_ROWS_MAX, type PackedRows, RowPacker } from "@truechimer/history";
import type { LoadAction, LoadCursor } from "./load-state.ts";

export interface LoadWorkerData {
  /** With its password: never to be told. */
  readonly url: string;
}

export type LoadRequest = Extract<LoadAction, { kind: "read" }>;

export type LoadReport =
  | {
      readonly kind: "chunk";
      readonly packed: readonly PackedRows[];
      readonly rows: number;
      readonly oldest: LoadCursor | undefined;
      readonly remaining: number | undefined;
    }
  | {
      readonly kind: "failed";
      readonly lost: boolean;
      readonly code: string;
      readonly message: string;
    };

const { url } = workerData as LoadWorkerData;
const reader = createResultsReader({ url, applicationName: "truechimer history" });
const packer = new RowPacker(BLOCK_ROWS_MAX, true);

parentPort?.on("message", (request: LoadRequest) => {
  // Whatever fails is in the report.
  void answer(request);
});

async function answer(request: LoadRequest): Promise<void> {
  try {
    parentPort?.postMessage(await readChunk(request));
  } catch (error) {
    packer.take();
    parentPort?.postMessage(failureOf(error));
  }
}

async function readChunk(
  request: LoadRequest,
): Promise<Extract<LoadReport, { readonly kind: "chunk" }>> {
  const { window, before, rowsMax, counts } = request;
  let atUs = 0;
  let id = 0;
  const rows = await reader.read({ ...window, before, rowsMax }, (row) => {
    packer.push(row);
    atUs = row.atUs;
    id = row.id;
  });
  const oldest = rows === 0 ? undefined : { atUs, id };
  // Before the count: it may fail, and the rows are read.
  const packed = packer.take();
  const isOver = rows < rowsMax;
  const remaining = counts
    ? isOver
      ? 0
      : await reader.count({ ...window, before: oldest })
    : undefined;
  return { kind: "chunk", packed, rows, oldest, remaining };
}

function failureOf(error: unknown): LoadReport {
  const code = error instanceof AppError ? error.code : "failed";
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", lost: code === "database_unreachable", code, message };
}
