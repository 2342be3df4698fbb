// Opens a listener's port and says where it answers.

import { once } from "node:events";
import type { Server } from "node:net";
import { AppError } from "@truechimer/base";
import type { FastifyInstance } from "fastify";

export interface ListenAddress {
  readonly host: string;
  /** Port 0: any free one. */
  readonly port: number;
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
  const { host, port } = options;
  try {
    await app.listen({ host, port, backlog: BACKLOG });
  } catch (error) {
    throw listenFailure(error, options);
  }
  return listeningAt(app.server, options);
}

/** The same for a server without Fastify's own way to listen. */
export async function listenBare(server: Server, options: ListenOptions): Promise<string> {
  const { host, port } = options;
  try {
    server.listen({ host, port, backlog: BACKLOG });
    await once(server, "listening");
  } catch (error) {
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

function listenFailure(error: unknown, { host, port, portSetting }: ListenOptions): unknown {
  const code = (error as { readonly code?: unknown }).code;
  if (code === "EADDRINUSE") {
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
