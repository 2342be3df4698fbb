// Refusals that are not ours: Connect's of a body that is too large or broken, the router's of a path that is none, the
// HTTP parser's of a request that comes too slowly. They too carry a code of ours, and are counted.

import type { Socket } from "node:net";
import type { ErrorCode } from "@truechimer/base";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import { ERROR_CODE_HEADER } from "./connect-error.ts";

/** By HTTP status; anything else below 500 is a bad request. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  408: "limit_exceeded",
  413: "limit_exceeded",
  429: "limit_exceeded",
  431: "limit_exceeded",
  503: "stopped",
};

export function refusalCode(status: number): ErrorCode {
  return CODES[status] ?? (status >= 500 ? "internal" : "bad_request");
}

/** Of the answers of a scope whose library writes them itself. */
export function codeForeignRefusals(scope: FastifyInstance, context: ServerContext): void {
  scope.addHook("onRequest", async (_request, reply) => {
    const { raw } = reply;
    const writeHead = raw.writeHead.bind(raw);
    raw.writeHead = (status: number, ...rest: unknown[]): typeof raw => {
      const headers = rest.find((each) => typeof each === "object" && each !== null) ?? {};
      const coded = raw.hasHeader(ERROR_CODE_HEADER) || ERROR_CODE_HEADER in headers;
      if (status >= 400 && !coded) {
        raw.setHeader(ERROR_CODE_HEADER, refusalCode(status));
        context.metrics.accessRefused.inc({ reason: "request" });
      }
      return (writeHead as (...args: readonly unknown[]) => typeof raw)(status, ...rest);
    };
  });
}

/** A request that is no HTTP, or whose head or body did not come in time. */
export function refuseUnreadable(context: ServerContext): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const { code = "" } = error as { readonly code?: string };
    if (code === "ECONNRESET" || socket.destroyed) return;
    const [status, words, reason] =
      code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ([408, "Request Timeout", "slow"] as const)
        : code === "HPE_HEADER_OVERFLOW"
          ? ([431, "Request Header Fields Too Large", "request"] as const)
          : ([400, "Bad Request", "request"] as const);
    context.metrics.accessRefused.inc({ reason });
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${status} ${words}\r\n${ERROR_CODE_HEADER}: ${refusalCode(status)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    }
    socket.destroy(error);
  };
}
