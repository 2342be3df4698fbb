// Two replicas on one database, a broker, a time server, and agents of ours on either transport.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer as createTcpServer, type Socket as TcpSocket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type AgentOnDemandOptions, createAgent, type SessionTakeover } from "@truechimer/agent";
import { adminV1, agentV1 } from "@truechimer/api";
import { type IpAddress, parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createServer, createToken, LOCAL_POLICY, type Server } from "@truechimer/server";
import { silentLogger } from "@truechimer/telemetry";
import type { Mosquitto } from "@truechimer/testing-mosquitto";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";
import { ntpAnswer } from "./_own-time-server.ts";

const WITHIN_MS = 15_000;

/** Resolves with the first value that is neither undefined nor false. */
export async function until<Value>(
  reached: () => Promise<Value | undefined | false> | Value | undefined | false,
): Promise<Value> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (performance.now() < deadlineMs) {
    const value = await reached();
    if (value !== undefined && value !== false) return value;
    await delay(10);
  }
  throw new Error("it did not come to pass");
}

function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

export interface Replica extends AsyncDisposable {
  readonly server: Server;
  readonly url: string;
  readonly adminKey: string;
  readonly admin: Client<typeof adminV1.AdminService>;
}

export interface ReplicaOptions {
  readonly database: Database;
  readonly broker?: Mosquitto | undefined;
  /** Default: long enough for a busy machine. */
  readonly ntpAnswerMs?: number;
  /** Where agents are told that the broker is. Default: where it is. */
  readonly advertisedPort?: number;
}

export async function startReplica({
  database,
  broker,
  ntpAnswerMs = 10_000,
  advertisedPort = broker?.port ?? 0,
}: ReplicaOptions): Promise<Replica> {
  const adminKey = createToken("tca_", systemRandom);
  const server = await createServer({
    database,
    clock: systemClock,
    random: systemRandom,
    version: "0.0.0-test",
    listen: { host: "127.0.0.1", port: 0 },
    policy: LOCAL_POLICY,
    adminKeys: [adminKey],
    roles: ["api"],
    onDemandTiming: { heartbeatMs: 500, lookMs: 1_000, ntpAnswerMs },
    ...(broker === undefined
      ? {}
      : {
          mqtt: {
            url: broker.url,
            rootPem: broker.rootPem,
            advertised: { host: "127.0.0.1", port: advertisedPort },
          },
        }),
  });
  await server.start();
  const transport = bearerTransport(server.url, adminKey);
  return {
    server,
    url: server.url,
    adminKey,
    admin: createClient(adminV1.AdminService, transport),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function bearerTransport(
  baseUrl: string,
  token: string,
): ReturnType<typeof createConnectTransport> {
  return createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
}

export interface EnrolledMonitor {
  readonly id: bigint;
  readonly address: IpAddress;
  readonly token: string;
  readonly tlsName: string;
}

/** A monitor with a name that a broker can know it by. */
export async function enrolMonitor(
  { database, server }: { readonly database: Database; readonly server: Server },
  name: string,
  address: string,
): Promise<EnrolledMonitor> {
  const { monitorId, token } = await server.createMonitor({ name, address: ip(address) });
  const tlsName = `${name}-1gw2pjj.prod.mon.truechimer.internal`;
  await database.pool.query("update monitors set tls_name = $1 where id = $2", [
    tlsName,
    monitorId,
  ]);
  return { id: monitorId, address: ip(address), token, tlsName };
}

export interface StartAgentOptions {
  readonly url: string;
  readonly monitor: EnrolledMonitor;
  readonly transport: "stream" | "mqtt";
  readonly broker: Mosquitto | undefined;
  readonly probeSocket: ProbeSocket;
  readonly sessionTakeover?: SessionTakeover;
  readonly onDemand?: Partial<AgentOnDemandOptions>;
}

export interface StartedAgent extends AsyncDisposable {
  readonly online: boolean;
}

export function startAgent(options: StartAgentOptions): StartedAgent {
  const { url, monitor, transport, broker, probeSocket, sessionTakeover } = options;
  let online = false;
  const agent = createAgent({
    apiUrl: url,
    monitors: {
      source: {
        monitors: [{ family: monitor.address.family, address: monitor.address, status: "active" }],
        subscribe: () => () => undefined,
      },
      credentials: {
        bearer: () => Promise.resolve(monitor.token),
        tls: { certificatePem: "", keyPem: "", rootPem: broker?.rootPem },
        subscribe: () => () => undefined,
      },
    },
    probeSocket,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    version: "0.1.0",
    allowPrivateTargets: true,
    ...(sessionTakeover === undefined ? {} : { sessionTakeover }),
    onDemand: {
      transport,
      mqtt: {
        tlsName: () => monitor.tlsName,
        environment: "prod",
        monitorDomain: "mon.truechimer.internal",
        reconnectDelayMs: () => sessionTakeover?.reconnectDelayMs ?? 20,
      },
      onOnline: (_transport, value) => {
        online = value;
      },
      ...options.onDemand,
    },
  });
  agent.start();
  return {
    get online() {
      return online;
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

export async function createProbes(): Promise<ProbeSocket> {
  return createProbeSocket({
    clock: systemClock,
    random: systemRandom,
    timestamps: "user_space",
  });
}

/** Whether a monitor can be asked at once, as people see it. */
export async function isReachable(
  { admin }: Replica,
  { id }: Pick<EnrolledMonitor, "id">,
): Promise<boolean> {
  const { monitors } = await admin.listMonitors({});
  return monitors.find((monitor) => monitor.id === id)?.onDemand ?? false;
}

export interface AskedNow {
  readonly requestId: string;
  readonly asked: readonly bigint[];
  readonly answers: readonly adminV1.CheckNowAnswer[];
  readonly ended: { readonly asked: number; readonly answered: number } | undefined;
}

export async function checkNow(
  { admin }: Pick<Replica, "admin">,
  request: Parameters<Replica["admin"]["checkNow"]>[0],
  onAsked: (requestId: string) => void = () => undefined,
): Promise<AskedNow> {
  let requestId = "";
  let asked: readonly bigint[] = [];
  const answers: adminV1.CheckNowAnswer[] = [];
  let ended: AskedNow["ended"];
  for await (const { event } of admin.checkNow(request)) {
    if (event.case === "asked") {
      requestId = event.value.requestId;
      asked = event.value.monitors.map(({ id }) => id);
      onAsked(requestId);
    }
    if (event.case === "answer") answers.push(event.value);
    if (event.case === "ended") {
      ended = { asked: event.value.asked, answered: event.value.answered };
    }
  }
  return { requestId, asked, answers, ended };
}

export interface TimeServer extends AsyncDisposable {
  readonly address: string;
}

/**
 * Answers on port 123 of an address in 127.0.0.0/8, because the NTP Pool's requests name no port. Absent: this account
 * may not bind to it.
 */
export async function startTimeServer(address: string): Promise<TimeServer | undefined> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, from) => socket.send(ntpAnswer(bytes), from.port, from.address));
  try {
    await bind(socket, address);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== "EACCES") throw error;
    if (process.env["CI"] === "true") throw error;
    process.stderr.write("SKIPPED: UDP port 123 can be bound to by root alone\n");
    return undefined;
  }
  return {
    address,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

async function bind(socket: Socket, address: string): Promise<void> {
  socket.bind(123, address);
  await once(socket, "listening");
}

/** Passes TCP on, and can go silent or break. */
export interface TcpRelay extends AsyncDisposable {
  readonly port: number;
  /** Nothing more gets through on the connections that there are. */
  stall(): void;
  /** All connections break; new ones get through. */
  cut(): void;
}

export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  const pairs = new Set<{ readonly near: TcpSocket; readonly far: TcpSocket }>();
  const server = createTcpServer((near) => {
    const far = connect(targetPort, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const cut = (): void => {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    stall: () => {
      for (const { near, far } of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        far.on("data", () => undefined);
      }
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      server.close();
      cut();
      await once(server, "close");
    },
  };
}

export function agentService(
  { url }: Pick<Replica, "url">,
  { token }: Pick<EnrolledMonitor, "token">,
): Client<typeof agentV1.AgentService> {
  return createClient(agentV1.AgentService, bearerTransport(url, token));
}
