// TLS before the listener for people: the same answers, by a port of its own. The plain listener behind it is for this
// host alone, or does not listen at all.

import { createServer, type Server as TlsServer } from "node:https";
import { AppError } from "@truechimer/base";
import type { FastifyInstance } from "fastify";
import { createAcmeCertificate } from "../acme/acme-certificate.ts";
import { acmeNeedsKey } from "../acme/acme-loop.ts";
import type { AcmeSettings } from "../acme/acme-settings.ts";
import { startChallengeListener } from "../acme/challenge-listener.ts";
import type { ServerContext } from "../context.ts";
import { type CertificateFiles, createFileCertificate } from "./file-certificate.ts";
import type { HttpLimits } from "./http-options.ts";
import { type ListenAddress, listenBare } from "./listen.ts";
import { HTTP_SERVER_OPTIONS } from "./listener.ts";
import { createListenerCertificate, type ListenerCertificate } from "./listener-certificate.ts";

/** Whose certificate: of our own authority, which renews it, of files, or ordered by ACME. */
export type DashboardTls =
  | { readonly kind: "own" }
  | ({ readonly kind: "acme" } & AcmeSettings)
  | ({ readonly kind: "files" } & CertificateFiles);

export interface TlsFrontOptions {
  readonly tls: DashboardTls;
  readonly address: ListenAddress;
  /** Address that people open. Absent: the listener's own. */
  readonly publicUrl: string | undefined;
  readonly limits: HttpLimits;
}

export interface TlsFront extends AsyncDisposable {
  /** Opens the port. Gives the address without a path: "https://127.0.0.1:8123". */
  start(): Promise<string>;
  closeAllConnections(): void;
}

const TLS_RULES = { minVersion: "TLSv1.2" } as const;

/** Its first certificate is read, or issued, at the start. */
export function createTlsFront(
  context: ServerContext,
  app: FastifyInstance,
  options: TlsFrontOptions,
): TlsFront {
  const { limits, address } = options;
  const stack = new AsyncDisposableStack();
  let server: TlsServer | undefined;
  return {
    start: async () => {
      await app.ready();
      const { tls, publicUrl } = options;
      if (tls.kind === "acme") {
        const place = { address: tls.challenges, limits, publicUrl };
        stack.use(await startChallengeListener(context, place));
      }
      const certificate = stack.use(await certificateOf(context, options));
      context.presented.note(tls.kind, certificate.first);
      const opened = createServer(
        {
          ...HTTP_SERVER_OPTIONS,
          ...TLS_RULES,
          ...certificate.first,
          headersTimeout: limits.headersTimeoutMs,
          requestTimeout: limits.requestTimeoutMs,
          keepAliveTimeout: limits.keepAliveTimeoutMs,
          handshakeTimeout: limits.handshakeTimeoutMs,
        },
        (request, response) => app.routing(request, response),
      );
      opened.maxConnections = limits.connectionsMax;
      server = opened;
      stack.defer(() => closed(opened));
      certificate.keepFresh(
        (pair) => {
          opened.setSecureContext({ ...pair, ...TLS_RULES });
          context.presented.note(tls.kind, pair);
        },
        (failure) => context.presented.noteFailure(failure),
      );
      return await listenBare(opened, { ...address, scheme: "https", portSetting: "--port" });
    },
    closeAllConnections: () => server?.closeAllConnections(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function certificateOf(
  context: ServerContext,
  options: TlsFrontOptions,
): Promise<ListenerCertificate> {
  const { tls } = options;
  const { database, clock, logger, seal } = context;
  if (tls.kind === "files") return createFileCertificate({ ...tls, clock, logger });
  if (tls.kind === "own") return ownCertificate(context, options);
  if (seal === undefined) throw acmeNeedsKey();
  return createAcmeCertificate({
    database,
    clock,
    logger,
    seal,
    settings: tls,
    standIn: () => ownCertificate(context, options),
  });
}

function ownCertificate(
  { ca, clock, logger }: ServerContext,
  { address, publicUrl }: TlsFrontOptions,
): Promise<ListenerCertificate> {
  if (ca === undefined) {
    throw new AppError(
      "master_key_missing",
      'listen.tls = "own" needs the certificate authority, and so a master key: name its file with secrets.master_key_file, or use listen.tls = "files"',
    );
  }
  return createListenerCertificate({
    ca,
    clock,
    logger,
    whose: "the dashboard",
    place: { listenHost: address.host, publicUrl },
  });
}

/** Calls in flight are answered; connections that wait for the next one are closed. */
async function closed(server: TlsServer): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await ended;
}
