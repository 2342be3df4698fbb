// Requests that are answered without Fastify and Connect: which those are, and their bodies.

import type { IncomingMessage } from "node:http";

const PROTO = "application/proto";
/** As Connect reads `Connect-Timeout-Ms`. What an agent allows is for its own patience: the work is done all the same. */
const TIMEOUT = /^\d{1,10}$/;

/** Connect's unary form with a binary message, uncompressed, of a length that is told and allowed. */
export function isPlainCall({ method, headers }: IncomingMessage, bodyBytesMax: number): boolean {
  const length = headers["content-length"];
  const timeout = headers["connect-timeout-ms"];
  return (
    method === "POST" &&
    headers["content-type"] === PROTO &&
    length !== undefined &&
    Number(length) <= bodyBytesMax &&
    headers["content-encoding"] === undefined &&
    (timeout === undefined || (typeof timeout === "string" && TIMEOUT.test(timeout)))
  );
}

/** Absent: the caller hung up before its end. */
export function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [first] = chunks;
      resolve(chunks.length === 1 ? first : Buffer.concat(chunks));
    });
    request.on("close", () => resolve(undefined));
  });
}
