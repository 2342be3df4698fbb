// The bytes of an answer leave memory as soon as they have been sent. Connect hands them on through a generator function that it
// makes for each answer, and what such a function has in its scope stays until all of the heap is collected: V8 keeps it by the
// function's map, which is long-lived from the beginning. A client that asks page after page had them pile up.

import type { ConnectRouter } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";

/** Smaller ones may be part of a buffer that others have parts of, and weigh little. */
export const RELEASED_BYTES_MIN = 65_536;

/** For the procedures with one answer: those of a stream are small. */
export function releaseAnswers({ handlers }: ConnectRouter): void {
  for (const [index, handler] of handlers.entries())
    if (handler.method.methodKind === "unary") handlers[index] = releasing(handler);
}

function releasing(handler: UniversalHandler): UniversalHandler {
  const answering = async (
    request: Parameters<UniversalHandler>[0],
  ): ReturnType<UniversalHandler> => {
    const answer = await handler(request);
    if (answer.body === undefined || !isClosedLast(request)) return answer;
    const passed: Uint8Array[] = [];
    const closed = (): void => {
      for (const bytes of passed) release(bytes);
    };
    // Nothing is read from them then, whether or not they have arrived.
    request.signal.addEventListener("abort", closed, { once: true });
    return { ...answer, body: remembered(answer.body, passed) };
  };
  return Object.assign(answering, handler);
}

/** Of HTTP/1 an answer is closed when the kernel has all of it; a stream of HTTP/2 may be while the connection still sends it. */
function isClosedLast({ httpVersion }: Parameters<UniversalHandler>[0]): boolean {
  return httpVersion.startsWith("1.");
}

async function* remembered(
  chunks: AsyncIterable<Uint8Array>,
  passed: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    passed.push(chunk);
    yield chunk;
  }
}

function release({ buffer, byteLength }: Uint8Array): void {
  const isItsOwn = byteLength >= RELEASED_BYTES_MIN && byteLength === buffer.byteLength;
  if (isItsOwn && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
