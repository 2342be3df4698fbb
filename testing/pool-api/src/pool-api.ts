// A control plane as that of the NTP Pool, for tests: registration, configuration with server-made keys, tokens, and the
// three calls of monitor.v2 over TLS with client certificates. It holds every message against the contract field by
// field: what is wrong is refused, and kept in `problems`. Two listeners, as there: the JSON endpoints, and the Connect
// services, of which only the second asks for certificates.

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { monitorV2 } from "@truechimer/api";
import {
  type Clock,
  createUlid,
  type IpAddress,
  type IpFamily,
  parseIpAddress,
  systemRandom,
} from "@truechimer/base";
import { publicKeySet, signToken, verifiedToken } from "./json-web-token.ts";
import {
  bearerOf,
  configProblems,
  type HeardRequest,
  registrationProblems,
  rpcProblems,
  tokenProblems,
} from "./strict-request.ts";
import { type HandedOut, submissionProblems } from "./strict-submission.ts";
import type { TestAuthority } from "./test-authority.ts";

export interface PoolApiOptions {
  readonly authority: TestAuthority;
  readonly clock: Clock;
  /** Of the agent, once it is accepted. */
  readonly tlsName: string;
  readonly certificateLifeMs?: number;
  /** Listens on both families' loopback addresses. Default: IPv4 alone. */
  readonly families?: readonly IpFamily[];
}

/** What a person does at the NTP Pool's web site. */
export type Decision = "pending" | "accepted" | "completed" | "rejected" | "cancelled";

export interface PoolMonitor {
  readonly address: IpAddress;
  status: string;
}

export interface PoolApi extends AsyncDisposable {
  /** http://127.0.0.1:<port>, or with the name that has an address in each family. */
  readonly apiUrl: string;
  /** https://127.0.0.1:<port>. */
  readonly monitorUrl: string;
  /** Sentences about what agents sent and the contract does not have. */
  readonly problems: readonly string[];
  /** Paths of the requests so far, with their query. */
  readonly requests: readonly string[];
  readonly registrations: readonly {
    readonly id: string;
    readonly families: ReadonlySet<IpFamily>;
  }[];
  decision: Decision;
  /** Answers the next registrations with this instead. */
  registrationAnswer:
    | { readonly status: number; readonly type: string; readonly body: string }
    | undefined;
  readonly apiKey: string;
  readonly monitors: Map<IpFamily, PoolMonitor>;
  /** Answers these instead of the usual, by path. */
  readonly faults: Map<string, { readonly status: number; readonly body: string }>;
  /** Servers to hand out, each once. */
  readonly work: { readonly ip: IpAddress }[];
  readonly submitted: monitorV2.SubmitResultsRequest[];
  readonly baseChecks: string[];
}

const LIFE_MS = 90 * 86_400_000;
const BATCH_MAX = 10;
const NS_PER_MS = 1_000_000n;

export async function createPoolApi(options: PoolApiOptions): Promise<PoolApi> {
  const { authority, clock } = options;
  const pool = createPool(options);
  const json = await listening(
    createHttpServer((request, response) => void answerJson(pool, request, response)),
    options.families,
  );
  const nowNs = clock.nowNs();
  const loopback = parseIpAddress("127.0.0.1");
  const identity = await authority.issueServer({
    names: ["localhost"],
    addresses: loopback.ok ? [loopback.value] : [],
    notBeforeNs: nowNs - 3_600_000n * NS_PER_MS,
    notAfterNs: nowNs + BigInt(LIFE_MS) * NS_PER_MS,
  });
  const connect = connectNodeAdapter({
    routes: (router) => router.service(monitorV2.MonitorService, monitorService(pool)),
  });
  const rpc = await listening(
    createHttpsServer(
      {
        cert: identity.certificatePem,
        key: identity.keyPem,
        ca: authority.rootPem,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        pool.noteRequest(request);
        if (!request.url?.startsWith("/monitor.v2.MonitorService/")) {
          response.writeHead(404).end();
          return;
        }
        pool.note(request.url, rpcProblems(heard(request, "")));
        pool.callers.set(
          (request.headers["x-caller"] = createUlid(clock, systemRandom)),
          callerOf(request),
        );
        connect(request, response);
      },
    ),
  );
  pool.apiUrl = `http://${options.families === undefined ? "127.0.0.1" : "localhost"}:${json.port}`;
  pool.monitorUrl = `https://127.0.0.1:${rpc.port}`;
  return Object.assign(pool, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...json.servers, ...rpc.servers].map(closed));
    },
  });
}

interface Pool extends Omit<PoolApi, typeof Symbol.asyncDispose> {
  apiUrl: string;
  monitorUrl: string;
  readonly options: PoolApiOptions;
  readonly batches: Map<string, HandedOut>;
  readonly callers: Map<string, string | undefined>;
  readonly tokenKey: KeyObject;
  note(path: string, problems: readonly string[]): boolean;
  noteRequest(request: IncomingMessage): void;
  registered(id: string): { readonly id: string; readonly families: Set<IpFamily> };
}

function createPool(options: PoolApiOptions): Pool {
  const problems: string[] = [];
  const requests: string[] = [];
  const registrations: { id: string; families: Set<IpFamily> }[] = [];
  return {
    options,
    apiUrl: "",
    monitorUrl: "",
    problems,
    requests,
    registrations,
    decision: "pending",
    registrationAnswer: undefined,
    apiKey: `pool_${systemRandom.bytes(16).toHex()}`,
    monitors: new Map(),
    faults: new Map(),
    work: [],
    submitted: [],
    baseChecks: [],
    batches: new Map(),
    callers: new Map(),
    tokenKey: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
    note: (path, found) => {
      problems.push(...found.map((problem) => `${path}: ${problem}`));
      return found.length === 0;
    },
    noteRequest: (request) => requests.push(request.url ?? ""),
    registered: (id) => {
      const known = registrations.find((registration) => registration.id === id);
      if (known !== undefined) return known;
      const fresh = { id, families: new Set<IpFamily>() };
      registrations.push(fresh);
      return fresh;
    },
  };
}

async function answerJson(
  pool: Pool,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  pool.noteRequest(request);
  const asked = heard(request, await bodyOf(request));
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, {
      "content-type": type,
      traceid: "0af7651916cd43dd8448eb211c80319c",
    });
    response.end(body);
  };
  const sendJson = (status: number, body: object): void =>
    send(status, "application/json", JSON.stringify(body));
  const fault = pool.faults.get(asked.path);
  if (fault !== undefined) return send(fault.status, "application/json", fault.body);
  switch (asked.path) {
    case "/monitor/api/registration": {
      if (!pool.note(asked.path, registrationProblems(asked)))
        return sendJson(400, { error: "bad request" });
      return answerRegistration(pool, request, { asked, send, sendJson });
    }
    case "/monitor/api/config": {
      if (!pool.note(asked.path, configProblems(asked))) return sendJson(400, {});
      if (bearerOf(asked) !== pool.apiKey) return sendJson(401, { error: "unauthorized" });
      return sendJson(200, await configOf(pool, asked));
    }
    case "/api/oidc/token": {
      if (!pool.note(asked.path, tokenProblems(asked))) return sendJson(400, {});
      if (bearerOf(asked) !== pool.apiKey) return sendJson(401, { error: "unauthorized" });
      return sendJson(200, {
        access_token: tokenOf(pool),
        token_type: "Bearer",
        expires_in: 3_600,
      });
    }
    case "/.well-known/jwks.json":
      return sendJson(200, publicKeySet(pool.tokenKey));
    default:
      pool.note(asked.path, ["no such endpoint"]);
      return sendJson(404, {});
  }
}

interface Answering {
  readonly asked: HeardRequest;
  readonly send: (status: number, type: string, body: string) => void;
  readonly sendJson: (status: number, body: object) => void;
}

function answerRegistration(
  pool: Pool,
  request: IncomingMessage,
  { asked, send, sendJson }: Answering,
): void {
  const registration = pool.registered(String(asked.headers["registration-id"]));
  registration.families.add(familyOf(request));
  if (pool.registrationAnswer !== undefined) {
    const { status, type, body } = pool.registrationAnswer;
    return send(status, type, body);
  }
  const fields = {
    URL: `${pool.apiUrl}/monitors/new?id=${registration.id}`,
    Status: pool.decision,
  };
  sendJson(200, pool.decision === "accepted" ? { ...fields, APIToken: pool.apiKey } : fields);
}

/** Both families come in at one listener, where IPv4 looks like a mapped IPv6 address. */
function familyOf({ socket }: IncomingMessage): IpFamily {
  const mapped = socket.remoteAddress?.startsWith("::ffff:") ?? false;
  return socket.remoteFamily === "IPv6" && !mapped ? "v6" : "v4";
}

async function configOf(pool: Pool, { query }: HeardRequest): Promise<object> {
  const { authority, clock, tlsName, certificateLifeMs = LIFE_MS } = pool.options;
  const family = (which: IpFamily): object => {
    const monitor = pool.monitors.get(which);
    return { status: monitor?.status ?? "", ip: monitor?.address.text ?? "" };
  };
  const live = [...pool.monitors.values()].some(
    ({ status }) => status === "active" || status === "testing",
  );
  const nowNs = clock.nowNs();
  const issued =
    query !== "" && live
      ? await authority.issueAgent({
          name: tlsName,
          notBeforeNs: nowNs,
          notAfterNs: nowNs + BigInt(certificateLifeMs) * NS_PER_MS,
        })
      : undefined;
  return {
    name: tlsName.split(".")[0],
    tls_name: tlsName,
    ipv4: family("v4"),
    ipv6: family("v6"),
    tls: issued === undefined ? {} : { cert: issued.certificatePem, key: issued.keyPem },
  };
}

function tokenOf(pool: Pool): string {
  return signToken(
    {
      iss: pool.apiUrl,
      aud: ["monitor-api"],
      sub: pool.options.tlsName,
      scope: "monitor:read monitor:data",
      exp: nowSeconds(pool) + 3_600,
    },
    pool.tokenKey,
  );
}

function nowSeconds(pool: Pool): number {
  return Number(pool.options.clock.nowNs() / 1_000_000_000n);
}

function monitorService(pool: Pool): ServiceImpl<typeof monitorV2.MonitorService> {
  return {
    getConfig: ({ monId }, context) => {
      monitorOf(pool, monId, context);
      return configMessage(pool, monId);
    },
    getServers: ({ monId }, context) => {
      const monitor = monitorOf(pool, monId, context);
      if (monitor.status !== "active" && monitor.status !== "testing") {
        // As there: its own errors arrive as "unknown".
        throw new ConnectError("monitor not active", Code.Unknown);
      }
      const servers = pool.work
        .splice(0, BATCH_MAX)
        .map(({ ip }) => ({ ip, ticket: systemRandom.bytes(24) }));
      const batchId = createUlid(pool.options.clock, systemRandom);
      pool.batches.set(batchId, {
        batchId,
        monitorId: monId,
        tickets: new Map(servers.map(({ ip, ticket }) => [ip.bytes.toHex(), ticket])),
      });
      return create(monitorV2.GetServersResponseSchema, {
        batchId: new TextEncoder().encode(batchId),
        config: configMessage(pool, monId),
        servers: servers.map(({ ip, ticket }) => ({ ipBytes: ip.bytes, ticket })),
      });
    },
    submitResults: (request, context) => {
      monitorOf(pool, request.monId, context);
      if (request.version > 4 || request.version < 2) {
        throw new ConnectError(`unsupported version ${request.version}`, Code.Unknown);
      }
      const path = context.url === undefined ? "SubmitResults" : new URL(context.url).pathname;
      if (!pool.note(path, submissionProblems(request, pool.batches))) {
        throw new ConnectError("invalid submission", Code.Unknown);
      }
      pool.submitted.push(request);
      return create(monitorV2.SubmitResultsResponseSchema, { ok: true });
    },
  };
}

/** Certificate and token must both be of the agent, and the monitor must be its own. */
function monitorOf(pool: Pool, monId: string, { requestHeader }: HandlerContext): PoolMonitor {
  const caller = pool.callers.get(requestHeader.get("x-caller") ?? "");
  const claims = verifiedToken(
    (requestHeader.get("authorization") ?? "").slice("Bearer ".length),
    pool.tokenKey,
  );
  const problems = [
    ...(caller === pool.options.tlsName ? [] : [`client certificate of ${caller ?? "nobody"}`]),
    ...(claims?.sub === pool.options.tlsName ? [] : ["the token is not the agent's"]),
    ...(claims !== undefined && claims.exp > nowSeconds(pool) ? [] : ["the token has ended"]),
  ];
  if (!pool.note("monitor.v2", problems))
    throw new ConnectError(problems.join("; "), Code.Unauthenticated);
  const monitor = [...pool.monitors.values()].find(({ address }) => address.text === monId);
  if (monitor !== undefined) return monitor;
  pool.note("monitor.v2", [`mon_id "${monId}" is no address of the agent`]);
  throw new ConnectError("no such monitor", Code.Unknown);
}

function configMessage(pool: Pool, monId: string): monitorV2.GetConfigResponse {
  const parsed = parseIpAddress(monId);
  return create(monitorV2.GetConfigResponseSchema, {
    samples: 1,
    ...(parsed.ok ? { ipBytes: parsed.value.bytes } : {}),
    baseChecks: pool.baseChecks.map((host) => new TextEncoder().encode(host)),
  });
}

function callerOf(request: IncomingMessage): string | undefined {
  const socket = request.socket as TLSSocket;
  if (!socket.authorized) return;
  const { subject } = socket.getPeerCertificate();
  return typeof subject?.CN === "string" ? subject.CN : undefined;
}

function heard(request: IncomingMessage, body: string): HeardRequest {
  const url = new URL(request.url ?? "/", "http://pool.invalid");
  return {
    method: request.method ?? "",
    path: url.pathname,
    query: url.search,
    headers: request.headers,
    body,
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

interface Listening {
  readonly servers: readonly Server[];
  readonly port: number;
}

/** On one port of both loopback addresses, where both are wanted. */
async function listening(
  server: Server,
  families: readonly IpFamily[] = ["v4"],
): Promise<Listening> {
  const both = families.length > 1;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      { port: 0, host: both ? "::" : families[0] === "v6" ? "::1" : "127.0.0.1" },
      resolve,
    );
  });
  return { servers: [server], port: (server.address() as AddressInfo).port };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
}
