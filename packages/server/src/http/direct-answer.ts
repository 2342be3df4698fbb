// How a call that is answered without Fastify and Connect is told: the same status, headers and bodies as by them.

import type { ServerResponse } from "node:http";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { ServerContext } from "../context.ts";
import { refusalCode } from "./code-refusals.ts";
import { ERROR_CODE_HEADER } from "./connect-error.ts";
import type { CallRefusal } from "./connect-plugin.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

export interface DirectAnswer {
  readonly response: ServerResponse;
  readonly acceptEncoding: string | undefined;
  /** Beside those of every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A shorter message is sent as it is: Connect's own default. */
const COMPRESSED_BYTES_MIN = 1_024;
const COMPRESSIONS = [compressionGzip, compressionBrotli];

export async function answerMessage(told: DirectAnswer, bytes: Uint8Array): Promise<void> {
  const compression =
    bytes.length < COMPRESSED_BYTES_MIN ? undefined : compressionFor(told.acceptEncoding);
  const body = compression === undefined ? bytes : await compression.compress(bytes);
  send(told, 200, body, {
    "content-type": "application/proto",
    ...(compression === undefined ? {} : { "content-encoding": compression.name }),
  });
}

/** The first that both sides know. */
function compressionFor(acceptEncoding = ""): (typeof COMPRESSIONS)[number] | undefined {
  for (const wanted of acceptEncoding.split(",")) {
    const found = COMPRESSIONS.find(({ name }) => name === wanted.trim());
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What Connect itself would refuse has no code of ours yet, and is counted as such. */
export function answerError(
  { metrics }: Pick<ServerContext, "metrics">,
  told: DirectAnswer,
  error: ConnectError,
): void {
  const status = codeToHttpStatus(error.code);
  const metadata = Object.fromEntries(error.metadata);
  if (metadata[ERROR_CODE_HEADER] === undefined) {
    metadata[ERROR_CODE_HEADER] = refusalCode(status);
    metrics.accessRefused.inc({ reason: "request" });
  }
  send(told, status, errorToJsonBytes(error, undefined), {
    ...metadata,
    "content-type": "application/json",
  });
}

export function answerRefusal(told: DirectAnswer, refusal: CallRefusal): void {
  const { status, connectCode, code, message } = refusal;
  send(told, status, Buffer.from(JSON.stringify({ code: connectCode, message })), {
    ...refusal.headers,
    [ERROR_CODE_HEADER]: code,
    "content-type": "application/json; charset=utf-8",
  });
}

function send(
  { response, headers }: DirectAnswer,
  status: number,
  body: Uint8Array,
  more: Readonly<Record<string, string>>,
): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    ...headers,
    ...more,
    "content-length": body.length,
  });
  response.end(body);
}
