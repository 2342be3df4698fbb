// Failures of what is plain HTTP and no procedure: the same codes, words and headers as a procedure's.

import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";
import { edgeErrorFrom } from "./connect-error.ts";

/** @param what for the log, where the failure is ours: "an export failed" */
export async function refusePlainly(
  { logger }: Pick<ServerContext, "logger">,
  reply: FastifyReply,
  error: unknown,
  what: string,
): Promise<FastifyReply> {
  const { answer, internal } = edgeErrorFrom(error);
  if (internal) logger.error({ error }, what);
  return reply
    .code(codeToHttpStatus(answer.code))
    .headers(headersOf(answer))
    .type("application/json")
    .send(Buffer.from(errorToJsonBytes(answer, undefined)));
}

function headersOf({ metadata }: ConnectError): Record<string, string> {
  return Object.fromEntries(metadata);
}
