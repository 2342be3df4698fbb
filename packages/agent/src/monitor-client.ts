// The calls to the control plane, each with the monitor's token, our name, and the current trace.

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { currentTraceparent, SpanKind, withSpan } from "@truechimer/telemetry";
import { rpcFailureFrom } from "./rpc-failure.ts";

export type MonitorClient = Client<typeof monitorV2.MonitorService>;

/** Makes the connection to a control plane; the interceptors add what every call carries. */
export type CreateTransport = (interceptors: Interceptor[]) => Transport;

export interface MonitorClientOptions {
  readonly createTransport: CreateTransport;
  readonly token: string;
  readonly userAgent: string;
  readonly onCallEnded: (procedure: string, code: string) => void;
}

/** Deadlines of the calls, as the NTP Pool's agent has them. */
export const GET_CONFIG_TIMEOUT_MS = 35_000;
export const GET_SERVERS_TIMEOUT_MS = 60_000;
export const SUBMIT_TIMEOUT_MS = 60_000;

/** Longer answers are refused: a batch of 1,000 servers has about 200 KiB. */
const ANSWER_BYTES_MAX = 4 * 1_024 * 1_024;
/** Connections kept open between calls. */
const FREE_CONNECTIONS_MAX = 4;
/** Idle connections are closed before servers and proxies usually do. */
const IDLE_MS = 15_000;

export function createMonitorClient(options: MonitorClientOptions): MonitorClient {
  return createClient(
    monitorV2.MonitorService,
    options.createTransport([tracedCall(options.onCallEnded), identifiedCall(options)]),
  );
}

function identifiedCall({ token, userAgent }: MonitorClientOptions): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    request.header.set("user-agent", userAgent);
    return next(request);
  };
}

function tracedCall(onCallEnded: MonitorClientOptions["onCallEnded"]): Interceptor {
  return (next) => (request) => {
    const procedure = request.method.name;
    return withSpan(`monitor.v2/${procedure}`, { kind: SpanKind.CLIENT }, async () => {
      const traceparent = currentTraceparent();
      if (traceparent !== undefined) request.header.set("traceparent", traceparent);
      try {
        const answer = await next(request);
        onCallEnded(procedure, "ok");
        return answer;
      } catch (error) {
        onCallEnded(procedure, rpcFailureFrom(error).code);
        throw error;
      }
    });
  };
}

export interface HttpConnections extends Disposable {
  readonly createTransport: CreateTransport;
}

/** Connections to one control plane, shared by all monitors of an agent. HTTP/1.1, as the NTP Pool's agent. */
export function createHttpConnections(apiUrl: string): HttpConnections {
  const { protocol } = parseApiUrl(apiUrl);
  const settings = { keepAlive: true, maxFreeSockets: FREE_CONNECTIONS_MAX, timeout: IDLE_MS };
  const agent = protocol === "https:" ? new HttpsAgent(settings) : new HttpAgent(settings);
  return {
    createTransport: (interceptors) =>
      createConnectTransport({
        baseUrl: apiUrl,
        httpVersion: "1.1",
        useBinaryFormat: true,
        interceptors,
        readMaxBytes: ANSWER_BYTES_MAX,
        nodeOptions: { agent },
      }),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function parseApiUrl(apiUrl: string): URL {
  const url = URL.parse(apiUrl);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new AppError(
    "config_bad_value",
    `"${apiUrl}" is not the address of a control plane: expected the form https://host[:port]`,
  );
}
