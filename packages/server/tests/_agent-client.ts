// An agent on the wire: TLS with or without a client certificate, and what comes back.

import { Agent as HttpsAgent, request } from "node:https";
import type { TLSSocket } from "node:tls";

export interface AgentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly bytes: Buffer;
  readonly socket: TLSSocket;
}

export interface AgentKeyPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface AgentRequest {
  readonly url: string;
  readonly rootPem: string;
  readonly path?: string;
  readonly body?: string | Uint8Array;
  /** Over those that are sent by themselves. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: none is sent. */
  readonly pair?: AgentKeyPair | undefined;
  readonly token?: string;
  /** Default: a connection of its own. */
  readonly connection?: HttpsAgent;
}

export const GET_CONFIG = "/monitor.v2.MonitorService/GetConfig";

/** Keeps one connection open. */
export function keptConnection(): HttpsAgent {
  return new HttpsAgent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 10 });
}

/** The server's certificate is checked against the root, by its name. */
export function askAsAgent(wanted: AgentRequest): Promise<AgentAnswer> {
  const { url, rootPem, pair, token, path = GET_CONFIG, body = "{}" } = wanted;
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method: "POST",
        ca: rootPem,
        ...(pair !== undefined && { cert: pair.certificatePem, key: pair.keyPem }),
        agent: wanted.connection ?? false,
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...wanted.headers,
        },
      },
      (response) => {
        const socket = response.socket as TLSSocket;
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes.toString(),
            bytes,
            socket,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
