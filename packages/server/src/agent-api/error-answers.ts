// Errors of the JSON endpoints as plain text with our code in a header. The status decides what an agent of the NTP Pool
// does: it shows a text below 500 and gives up, and tries again after 500 and above.

import { Code } from "@connectrpc/connect";
import { AppError } from "@truechimer/base";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";
import { ERROR_CODE_HEADER, edgeErrorFrom } from "../http/connect-error.ts";
import { pathOf } from "../http/request-guards.ts";

/** Connect's codes as it maps them to HTTP itself. */
const STATUSES: Partial<Record<Code, number>> = {
  [Code.InvalidArgument]: 400,
  [Code.FailedPrecondition]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
};

export function answerErrorsAsText(scope: FastifyInstance, context: ServerContext): void {
  scope.setErrorHandler(async (error, request, reply) => {
    const status = (error as { readonly statusCode?: number }).statusCode;
    if (!(error instanceof AppError) && status !== undefined && status < 500) {
      // Fastify's own: a body that is too long, broken, or of a kind that nobody reads here.
      await refuseInText(reply, {
        status,
        code: "bad_request",
        message: (error as Error).message.toLowerCase(),
      });
      return;
    }
    const edge = edgeErrorFrom(error);
    if (edge.internal) context.logger.error({ error, path: pathOf(request) }, "request failed");
    reply.headers(Object.fromEntries(edge.answer.metadata));
    await refuseInText(reply, {
      status: STATUSES[edge.answer.code] ?? 500,
      code: edge.code,
      message: edge.answer.rawMessage,
    });
  });
}

export interface TextRefusal {
  readonly status: number;
  /** Ours. */
  readonly code: string;
  readonly message: string;
}

export async function refuseInText(
  reply: FastifyReply,
  { status, code, message }: TextRefusal,
): Promise<void> {
  await reply
    .code(status)
    .header(ERROR_CODE_HEADER, code)
    .header("cache-control", "no-store")
    .type("text/plain; charset=utf-8")
    .send(`${message}\n`);
}
