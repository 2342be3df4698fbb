import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { RELEASED_BYTES_MIN, releaseAnswers } from "./release-answers.ts";

test("an answer's bytes are there until it is closed, and gone then", async () => {
  const { chunks, close } = await answered("x".repeat(RELEASED_BYTES_MIN));
  const [bytes] = chunks;
  expect(bytes?.byteLength).toBeGreaterThan(RELEASED_BYTES_MIN);
  close();
  expect(bytes?.byteLength).toBe(0);
});

test("a small answer is left to the collector", async () => {
  const { chunks, close } = await answered("x");
  close();
  expect(chunks.map(({ byteLength }) => byteLength)).toEqual([3]);
});

test("an answer over HTTP/2 may still be on its way when it is closed", async () => {
  const { chunks, close } = await answered("x".repeat(RELEASED_BYTES_MIN), "2.0");
  close();
  expect(chunks[0]?.byteLength).toBeGreaterThan(RELEASED_BYTES_MIN);
});

interface Answered {
  readonly chunks: readonly Uint8Array[];
  readonly close: () => void;
}

/** As it is handed to the connection, and what the connection tells when it is done. */
async function answered(nextPageToken: string, httpVersion = "1.1"): Promise<Answered> {
  const router = createConnectRouter({ grpc: false, grpcWeb: false, acceptCompression: [] });
  router.rpc(adminV1.AdminService.method.listResults, () => ({ nextPageToken }));
  releaseAnswers(router);
  const controller = new AbortController();
  const request: UniversalServerRequest = {
    httpVersion,
    method: "POST",
    url: "http://localhost/truechimer.admin.v1.AdminService/ListResults",
    header: new Headers({ "content-type": "application/proto" }),
    body: nothing(),
    signal: controller.signal,
  };
  const answer = await router.handlers[0]?.(request);
  expect(answer?.status).toBe(200);
  return {
    chunks: await Array.fromAsync(answer?.body ?? []),
    close: () => controller.abort(),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
