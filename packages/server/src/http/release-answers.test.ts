import { fromBinary } from "@bufbuild/protobuf";
import { createConnectRouter } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { MOVED_BYTES_MIN, releaseAnswers } from "./release-answers.ts";

test("a large answer's bytes are all handed on, and Connect has them no more", async () => {
  const token = "x".repeat(MOVED_BYTES_MIN);
  const { handedOn, ofConnect } = await answered(token);
  const bytes = Buffer.concat(handedOn);
  expect(fromBinary(adminV1.ListResultsResponseSchema, bytes).nextPageToken).toBe(token);
  expect(ofConnect.map(({ byteLength }) => byteLength)).toEqual([0]);
});

test("a small answer is left as it is", async () => {
  const { handedOn, ofConnect } = await answered("x");
  expect(handedOn).toEqual(ofConnect);
  expect(handedOn.map(({ byteLength }) => byteLength)).toEqual([3]);
});

interface Answered {
  readonly handedOn: readonly Uint8Array[];
  readonly ofConnect: readonly Uint8Array[];
}

async function answered(nextPageToken: string): Promise<Answered> {
  const router = createConnectRouter({ grpc: false, grpcWeb: false, acceptCompression: [] });
  router.rpc(adminV1.AdminService.method.listResults, () => ({ nextPageToken }));
  const ofConnect: Uint8Array[] = [];
  const [handler] = router.handlers;
  if (handler === undefined) throw new Error("the router has no handler");
  router.handlers[0] = Object.assign(async (request: UniversalServerRequest) => {
    const answer = await handler(request);
    return { ...answer, body: noted(answer.body ?? nothing(), ofConnect) };
  }, handler);
  releaseAnswers(router);
  const answer = await router.handlers[0]({
    httpVersion: "1.1",
    method: "POST",
    url: "http://localhost/truechimer.admin.v1.AdminService/ListResults",
    header: new Headers({ "content-type": "application/proto" }),
    body: nothing(),
    signal: new AbortController().signal,
  });
  expect(answer.status).toBe(200);
  return { handedOn: await Array.fromAsync(answer.body ?? []), ofConnect };
}

async function* noted(
  chunks: AsyncIterable<Uint8Array>,
  into: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    into.push(chunk);
    yield chunk;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
