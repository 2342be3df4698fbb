// The calls to the control plane, each with the agent's token, our name, and the current trace; over TLS also with its
// certificate.

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { currentTraceparent, SpanKind, withSpan } from "@truechimer/telemetry";
import type { AgentCredentials, TlsIdentity } from "./monitor-source.ts";
import { rpcFailureFrom } from "./rpc-failure.ts";

export type MonitorClient = Client<typeof monitorV2.MonitorService>;

/** Makes the connection to a control plane; the interceptors add what every call carries. */
export type CreateTransport = (interceptors: Interceptor[]) => Transport;

export interface MonitorClientOptions {
  readonly createTransport: CreateTransport;
  readonly credentials: Pick<AgentCredentials, "bearer">;
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

/** A token that is refused is exchanged for another one, once a call. */
export function identifiedCall({
  credentials,
  userAgent,
}: Pick<MonitorClientOptions, "credentials" | "userAgent">): Interceptor {
  return (next) => async (request) => {
    request.header.set("user-agent", userAgent);
    const token = await credentials.bearer(request.signal);
    setBearer(request.header, token);
    try {
      return await next(request);
    } catch (error) {
      if (token === undefined || !isUnauthenticated(error)) throw error;
      const another = await credentials.bearer(request.signal, token);
      if (another === undefined || another === token) throw error;
      setBearer(request.header, another);
      return await next(request);
    }
  };
}

function setBearer(header: Headers, token: string | undefined): void {
  if (token === undefined) header.delete("authorization");
  else header.set("authorization", `Bearer ${token}`);
}

function isUnauthenticated(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Unauthenticated;
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

/**
 * Connections to one control plane, shared by all monitors of an agent. HTTP/1.1, as the NTP Pool's agent. A renewed
 * certificate is offered by the next connection; calls under way end on theirs. `keepAlive`: whether a connection is
 * used for a further call; default true.
 */
export function createHttpConnections(
  apiUrl: string,
  credentials?: Pick<AgentCredentials, "tls" | "subscribe">,
  { keepAlive = true }: { readonly keepAlive?: boolean } = {},
): HttpConnections {
  const { protocol } = parseApiUrl(apiUrl);
  const settings = { ...CONNECTION_SETTINGS, keepAlive };
  const createAgent = (): HttpAgent | HttpsAgent =>
    protocol === "https:"
      ? new HttpsAgent({ ...settings, ...tlsSettings(credentials?.tls) })
      : new HttpAgent(settings);
  let agent = createAgent();
  const draining = new Set<HttpAgent>();
  const unsubscribe = credentials?.subscribe(() => {
    drain(agent);
    draining.add(agent);
    for (const old of draining) if (isEmpty(old)) draining.delete(old);
    agent = createAgent();
  });
  // Read for each call, so that a call begins on the newest.
  const nodeOptions = {
    get agent() {
      return agent;
    },
  };
  return {
    createTransport: (interceptors) =>
      createConnectTransport({
        baseUrl: apiUrl,
        httpVersion: "1.1",
        useBinaryFormat: true,
        interceptors,
        readMaxBytes: ANSWER_BYTES_MAX,
        nodeOptions,
      }),
    [Symbol.dispose]: () => {
      unsubscribe?.();
      for (const each of [...draining, agent]) each.destroy();
    },
  };
}

const CONNECTION_SETTINGS = {
  keepAlive: true,
  maxFreeSockets: FREE_CONNECTIONS_MAX,
  timeout: IDLE_MS,
};

function tlsSettings(tls: TlsIdentity | undefined): HttpsAgentOptions {
  if (tls === undefined) return {};
  const { certificatePem, keyPem, rootPem } = tls;
  return { cert: certificatePem, key: keyPem, ...(rootPem === undefined ? {} : { ca: rootPem }) };
}

/** Idle connections end at once, the others with their call. */
function drain(agent: HttpAgent & { keepAlive?: boolean }): void {
  agent.keepAlive = false;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

function isEmpty({ sockets, requests }: HttpAgent): boolean {
  return Object.keys(sockets).length === 0 && Object.keys(requests).length === 0;
}

function parseApiUrl(apiUrl: string): URL {
  const url = URL.parse(apiUrl);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new AppError(
    "config_bad_value",
    `"${apiUrl}" is not the address of a control plane: expected the form https://host[:port]`,
  );
}
