// The bytes of an answer leave memory soon after they have been sent. Connect hands them on through a generator function that it
// makes for each answer, and what such a function has in its scope stays until all of the heap is collected: V8 keeps it by the
// function's map, which is long-lived from the beginning. A client that asks page after page had them pile up. So the bytes
// move on, into an array that nobody else has.

import type { ConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";

/** Smaller ones may be part of a buffer that others have parts of, and weigh little. */
export const MOVED_BYTES_MIN = 65_536;

/** For the procedures with one answer: those of a stream are small, and may be shared. */
export function releaseAnswers({ handlers }: ConnectRouter): void {
  for (const [index, handler] of handlers.entries())
    if (handler.method.methodKind === "unary") handlers[index] = releasing(handler);
}

function releasing(handler: UniversalHandler): UniversalHandler {
  const answering = async (
    request: Parameters<UniversalHandler>[0],
  ): ReturnType<UniversalHandler> => {
    const answer = await handler(request);
    return answer.body === undefined ? answer : { ...answer, body: movedOn(answer.body) };
  };
  return Object.assign(answering, handler);
}

/** Connect does not look at them again. */
async function* movedOn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) yield moved(chunk);
}

function moved(chunk: Uint8Array): Uint8Array {
  const { buffer, byteLength } = chunk;
  const isItsOwn = byteLength >= MOVED_BYTES_MIN && byteLength === buffer.byteLength;
  return isItsOwn && buffer instanceof ArrayBuffer ? new Uint8Array(buffer.transfer()) : chunk;
}
