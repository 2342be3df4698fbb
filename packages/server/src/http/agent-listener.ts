// The agents' listener: TLS with a certificate of our own authority. A client certificate is asked for and not demanded,
// because an agent that enrols has none yet; one that is sent is verified here, by our own rules, and a bad one is
// refused with the reason, whatever else the request carries. It answers what agents ask and nothing for people.

import { constants } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CertificateAuthority } from "../ca/certificate-authority.ts";
import type { ServerContext } from "../context.ts";
import { directProcedures } from "../monitor-api/direct-procedures.ts";
import { registerAgentRoutes } from "./agent-routes.ts";
import { noteClientIdentity } from "./client-identity.ts";
import { edgeErrorFrom } from "./connect-error.ts";
import { type CallRefusal, refuseCall } from "./connect-plugin.ts";
import { type ConnectionIdentities, createConnectionIdentities } from "./connection-identity.ts";
import { type AnswersDirectly, createDirectCalls } from "./direct-calls.ts";
import type { ListenerOptions } from "./http-options.ts";
import { type ListenAddress, listen } from "./listen.ts";
import { createListener } from "./listener.ts";
import { createListenerCertificate } from "./listener-certificate.ts";

export interface AgentListenerOptions extends ListenerOptions {
  readonly ca: CertificateAuthority;
  readonly address: ListenAddress;
}

export interface AgentListener extends AsyncDisposable {
  /** Opens the port. Gives the address without a path: "https://127.0.0.1:8124". */
  start(): Promise<string>;
  /** Takes the connections away from calls that take too long to end. */
  closeAllConnections(): void;
}

/** Its first certificate is issued at the start. */
export function createAgentListener(
  context: ServerContext,
  options: AgentListenerOptions,
): AgentListener {
  const { ca, address } = options;
  let app: FastifyInstance | undefined;
  const stack = new AsyncDisposableStack();
  return {
    start: async () => {
      const certificate = stack.use(
        await createListenerCertificate({
          ca,
          clock: context.clock,
          logger: context.logger,
          whose: "the agents' listener",
          place: { listenHost: address.host, publicUrl: context.agents.publicUrl },
        }),
      );
      const opened = createListener(context, {
        limits: { ...options.limits, connectionsMax: options.limits.agentConnectionsMax },
        tls: {
          ...certificate.first,
          ...TLS_RULES,
          requestCert: true,
          rejectUnauthorized: false,
          handshakeTimeout: options.limits.handshakeTimeoutMs,
        },
      });
      app = opened;
      const closeUnfinished = followHandshakes(opened.server as unknown as TlsServer);
      stack.defer(async () => {
        const closed = opened.close();
        closeUnfinished();
        await closed;
      });
      const identities = createConnectionIdentities({ ca, clock: context.clock });
      identifyClients(opened, context, identities);
      await registerAgentRoutes(opened, context, options);
      answerFirst(
        opened,
        createDirectCalls(context, {
          procedures: directProcedures(context),
          identities,
          calls: options.calls,
          bodyBytesMax: options.limits.monitorBodyBytesMax,
        }),
      );
      certificate.keepFresh((pair) =>
        (opened.server as unknown as TlsServer).setSecureContext({ ...pair, ...TLS_RULES }),
      );
      return listen(opened, { ...address, scheme: "https", portSetting: "agents.port" });
    },
    closeAllConnections: () => app?.server.closeAllConnections(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * A resumed session would bring back the certificate that it began with, long after the agent has a new one; so none is
 * resumed. An agent keeps its connection, and handshakes are rare.
 */
const TLS_RULES = {
  minVersion: "TLSv1.2",
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** Gives what ends the connections that have not said who they are: they are no request that a stop would wait for. */
function followHandshakes(server: TlsServer): () => void {
  const unfinished = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string =>
    `${remoteAddress} ${remotePort}`;
  server.on("connection", (socket: Socket) => {
    const name = nameOf(socket);
    unfinished.set(name, socket);
    socket.once("close", () => unfinished.delete(name));
  });
  server.on("secureConnection", (socket) => unfinished.delete(nameOf(socket)));
  return () => {
    for (const socket of unfinished.values()) socket.destroy();
  };
}

/** What it leaves goes to Fastify. */
function answerFirst({ server }: FastifyInstance, answersDirectly: AnswersDirectly): void {
  const others = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (answersDirectly(request, response)) return;
    for (const answer of others) answer(request, response);
  });
}

function identifyClients(
  app: FastifyInstance,
  context: ServerContext,
  identities: ConnectionIdentities,
): void {
  app.addHook("onRequest", async (request, reply) => {
    const refusal = await identify(request, reply);
    if (refusal === undefined) return;
    context.metrics.accessRefused.inc({ reason: "certificate" });
    reply.raw.setHeader("connection", "close");
    await refuseCall(reply, refusal);
  });

  const identify = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<CallRefusal | undefined> => {
    try {
      const found = await identities.of(request.raw.socket as TLSSocket);
      if (!found.ok) return certificateRefused(found.error);
      if (found.value === undefined) return undefined;
      const { identity, closeAfterNs } = found.value;
      noteClientIdentity(request, identity);
      if (context.clock.nowNs() > closeAfterNs) reply.raw.setHeader("connection", "close");
      return undefined;
    } catch (error) {
      context.logger.error({ error }, "a client certificate was not verified");
      const { answer, code } = edgeErrorFrom(error);
      return { status: 503, connectCode: "unavailable", code, message: answer.rawMessage };
    }
  };
}

function certificateRefused(reason: string): CallRefusal {
  return {
    status: 401,
    connectCode: "unauthenticated",
    code: "unauthenticated",
    message: `the client certificate is refused: ${reason}`,
  };
}
