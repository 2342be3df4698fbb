// What Prometheus scrapes of an agent. Off unless configured, and on loopback unless the configuration says otherwise:
// the numbers tell nothing secret, but they are nobody else's business.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { AppError } from "@truechimer/base";
import type { Metrics } from "@truechimer/telemetry";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface MetricsEndpointOptions {
  readonly listen: ListenAddress;
  readonly metrics: Metrics;
}

/** A scrape is one small request. */
const REQUEST_MS_MAX = 5_000;
const HEADER_BYTES_MAX = 8_192;
const CONNECTIONS_MAX = 16;

export interface MetricsEndpoint extends AsyncDisposable {
  /** Such as "http://127.0.0.1:9182/metrics". */
  readonly url: string;
}

/** Resolves when it listens. Fails with port_in_use or config_bad_value. */
export async function serveMetrics({
  listen,
  metrics,
}: MetricsEndpointOptions): Promise<MetricsEndpoint> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS_MAX,
      headersTimeout: REQUEST_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: REQUEST_MS_MAX,
    },
    (request, response) => void answer(request, response, metrics),
  );
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listening(server, listen);
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return {
    url: `http://${host}:${port}/metrics`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Metrics,
): Promise<void> {
  const path = request.url?.split("?", 1)[0];
  if (path !== "/metrics") {
    response.writeHead(404, { "content-type": "text/plain" }).end("metrics are at /metrics\n");
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const { contentType, text } = await metrics.scrape();
  response
    .writeHead(200, { "content-type": contentType, "cache-control": "no-store" })
    .end(request.method === "HEAD" ? undefined : text);
}

function listening(server: Server, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = `${host} port ${port}`;
      reject(
        cause.code === "EADDRINUSE"
          ? new AppError(
              "port_in_use",
              `metrics: ${where} is in use: end the program that listens there, or choose another port`,
              { cause },
            )
          : new AppError(
              "config_bad_value",
              `metrics: this host does not let us listen on ${where} (${cause.code}): choose an address of its own`,
              { cause },
            ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
