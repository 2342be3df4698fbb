// The plain listener that an ACME authority asks for the proof of a name: HTTP-01. Whichever process is asked has the answer,
// from the database. Everybody else is sent to the dashboard's own address. RFC 8555, section 8.3.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { HttpLimits } from "../http/http-options.ts";
import { type ListenAddress, listenBare } from "../http/listen.ts";
import { HTTP_SERVER_OPTIONS } from "../http/listener.ts";
import { findChallenge } from "./acme-rows.ts";

const PATH = "/.well-known/acme-challenge/";
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;
/** Authorities ask from a handful of places; whoever asks more often is none, and the database is for others. */
const LOOKUPS_MAX = 20;
/** This listener is open to everybody. */
const CONNECTIONS_MAX = 200;
const BUSY = `${LOOKUPS_MAX} questions by HTTP-01 are being answered already`;

export interface ChallengeListenerOptions {
  readonly address: ListenAddress;
  readonly limits: HttpLimits;
  /** Where browsers are sent to. Undefined: nowhere. */
  readonly publicUrl: string | undefined;
}

export interface ChallengeListener extends AsyncDisposable {
  /** "http://127.0.0.1:80". */
  readonly url: string;
}

/** Fails with port_in_use or socket_failed. */
export async function startChallengeListener(
  context: Pick<ServerContext, "database" | "logger">,
  { address, limits, publicUrl }: ChallengeListenerOptions,
): Promise<ChallengeListener> {
  const { database, logger } = context;
  let lookups = 0;
  const keyAuthorization = async (token: string): Promise<string | undefined> => {
    if (!TOKEN.test(token)) return undefined;
    if (lookups >= LOOKUPS_MAX) throw new AppError("limit_exceeded", BUSY);
    lookups += 1;
    try {
      return await findChallenge(database, token);
    } finally {
      lookups -= 1;
    }
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "" } = request;
    if (method !== "GET" && method !== "HEAD") return say(response, 405, "method not allowed\n");
    if (url.startsWith(PATH)) {
      const found = await keyAuthorization(url.slice(PATH.length));
      return found === undefined ? say(response, 404, "not found\n") : say(response, 200, found);
    }
    if (publicUrl === undefined || !url.startsWith("/")) return say(response, 404, "not found\n");
    response.setHeader("location", `${publicUrl}${url}`);
    say(response, 308, "the dashboard speaks TLS\n");
  };
  const server = createServer(
    {
      ...HTTP_SERVER_OPTIONS,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        // Whoever asks too often does not fill the log as well.
        const isLimited = error instanceof AppError && error.code === "limit_exceeded";
        if (!isLimited) logger.warn({ error }, "a question by HTTP-01 was not answered");
        say(response, 503, "try again\n");
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  const url = await listenBare(server, {
    ...address,
    scheme: "http",
    portSetting: "acme.http_port",
  });
  return {
    url,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    connection: "close",
  });
  response.end(text);
}
