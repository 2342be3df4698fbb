// The root certificate of a control plane on first contact. Nothing is trusted yet, so nothing is sent: the server's
// chain is looked at, and the one certificate in it that the enrolment token names is what is trusted from then on.

import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { AppError, type Clock } from "@truechimer/base";
import { type EnrolmentToken, isRootOf } from "./enrolment-token.ts";

export interface PinnedRootOptions {
  readonly serverUrl: string;
  readonly token: EnrolmentToken;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const HANDSHAKE_MS_MAX = 30_000;
/** Ends a chain that leads to itself. */
const CHAIN_LENGTH_MAX = 10;

/** PEM. Undefined: the server is not asked over TLS. */
export async function fetchPinnedRoot(options: PinnedRootOptions): Promise<string | undefined> {
  const url = new URL(options.serverUrl);
  if (url.protocol !== "https:") return;
  const chain = await presentedChain(url, options);
  const root = chain.find((certificate) => isRootOf(options.token, certificate));
  if (root === undefined) {
    throw new AppError(
      "enrolment_refused",
      `${url.origin} does not show the certificate that the enrolment token names: check the address, or ask for a new token; somebody may stand in between`,
    );
  }
  return `-----BEGIN CERTIFICATE-----\n${lines(Buffer.from(root).toString("base64"))}\n-----END CERTIFICATE-----\n`;
}

async function presentedChain(
  url: URL,
  { clock, signal }: PinnedRootOptions,
): Promise<readonly Uint8Array[]> {
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || "443"),
    servername: isName(url.hostname) ? url.hostname : "",
    // Judged by the token instead; the connection ends after this look, and nothing is sent over it.
    rejectUnauthorized: false,
  });
  try {
    await secured(socket, { clock, signal, origin: url.origin });
    return chainOf(socket.getPeerCertificate(true));
  } finally {
    socket.destroy();
  }
}

interface SecuredOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly origin: string;
}

function secured(socket: TLSSocket, { clock, signal, origin }: SecuredOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(
        new AppError(
          "peer_unreachable",
          `${origin} cannot be reached over TLS: check its address and port, and that it runs`,
          { cause },
        ),
      );
    };
    const onAbort = (): void => reject(signal.reason as Error);
    const cancel = clock.setTimer(HANDSHAKE_MS_MAX, () => fail(undefined));
    const done = (): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("secureConnect", () => {
      done();
      resolve();
    });
    socket.once("error", (error) => {
      done();
      fail(error);
    });
  });
}

function chainOf(leaf: DetailedPeerCertificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: DetailedPeerCertificate | undefined = leaf;
  while (certificate?.raw !== undefined && chain.length < CHAIN_LENGTH_MAX) {
    chain.push(certificate.raw);
    if (certificate.issuerCertificate === certificate) break;
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function isName(host: string): boolean {
  return !host.startsWith("[") && !/^[\d.]+$/.test(host);
}

function lines(base64: string): string {
  return (base64.match(/.{1,64}/g) ?? []).join("\n");
}
