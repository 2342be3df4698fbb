// Opens a listener's port and says where it answers.

import { once } from "node:events";
import type { Server } from "node:net";
import { AppError } from "@truechimer/base";
import type { FastifyInstance } from "fastify";

export interface ListenAddress {
  readonly host: string;
  /** Port 0: any free one. */
  readonly port: number;
  /** Any free one as well where another program has it. Default: that is refused. */
  readonly orFreePort?: boolean;
}

export interface ListenOptions extends ListenAddress {
  readonly scheme: "http" | "https";
  /** What a person changes to choose another port, such as "--port". */
  readonly portSetting: string;
}

/** Connections that wait to be accepted: with Node's 511 a fleet that comes back at once waits for TCP's second try. */
const BACKLOG = 4_096;

/** The address without a path: "http://127.0.0.1:8123". Fails with port_in_use or socket_failed. */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<string> {
  const { host, port, orFreePort = false } = options;
  try {
    await app.listen({ host, port, backlog: BACKLOG });
  } catch (error) {
    if (orFreePort && isTaken(error))
      return await listen(app, { ...options, port: 0, orFreePort: false });
    throw listenFailure(error, options);
  }
  return listeningAt(app.server, options);
}

/** The same for a server without Fastify's own way to listen. */
export async function listenBare(server: Server, options: ListenOptions): Promise<string> {
  const { host, port, orFreePort = false } = options;
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, "listening");
  } catch (error) {
    if (orFreePort && isTaken(error))
      return await listenBare(server, { ...options, port: 0, orFreePort: false });
    throw listenFailure(error, options);
  }
  return listeningAt(server, options);
}

function listeningAt(server: Server, { host, port, scheme }: ListenOptions): string {
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const shown = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${bound}`;
}

function isTaken(error: unknown): boolean {
  return codeOf(error) === "EADDRINUSE";
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

function listenFailure(error: unknown, { host, port, portSetting }: ListenOptions): unknown {
  const code = codeOf(error);
  if (isTaken(error)) {
    return new AppError(
      "port_in_use",
      `port ${port} of ${host} is in use: end the program that has it, or choose another with ${portSetting}`,
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    return new AppError(
      "socket_failed",
      `cannot listen on ${host} port ${port} (${code}): choose another address or port`,
      { cause: error },
    );
  }
  return error;
}
