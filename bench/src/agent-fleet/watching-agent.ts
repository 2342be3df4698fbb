// One agent that holds its stream open: TLS with its own certificate, one streaming call over HTTP/1.1. As little of our
// own as is possible, because five thousand of them run on the cores that are measured.

import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";

export interface WatchOptions {
  /** "https://127.0.0.1:8124" */
  readonly url: string;
  /** With the root, the certificate and the key. */
  readonly secureContext: SecureContext;
  /** Path of the call, and its request as Connect wraps it. */
  readonly path: string;
  readonly body: Uint8Array;
}

export interface WatchingAgent {
  /** Events that came: hello, heartbeats. */
  events(): number;
  /** Whether the server has ended the stream. */
  ended(): boolean;
  /** Closes the connection without another word. */
  drop(): void;
}

/** A server that does not answer within this has lost the call. */
const HELLO_MS_MAX = 30_000;
const STATUS_OK = "HTTP/1.1 200";

/** Resolves with the first event of the stream. */
export async function watch(options: WatchOptions): Promise<WatchingAgent> {
  const { hostname, port, host } = new URL(options.url);
  const tcp = connectTcp({ host: hostname, port: Number(port), noDelay: true });
  const socket: TLSSocket = connect({
    socket: tcp,
    host: hostname,
    secureContext: options.secureContext,
    ALPNProtocols: ["http/1.1"],
  });
  // A failure ends the promise below, and later the stream.
  socket.on("error", () => undefined);
  const patience = AbortSignal.timeout(HELLO_MS_MAX);
  try {
    await once(socket, "secureConnect", { signal: patience });
    socket.write(
      `POST ${options.path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/connect+proto\r\n` +
        `connect-protocol-version: 1\r\nuser-agent: ntppool-agent/v4.1.5/bench\r\n` +
        `content-length: ${options.body.length}\r\n\r\n`,
    );
    socket.write(options.body);
    const [first] = (await once(socket, "data", { signal: patience })) as [Buffer];
    if (!first.toString("latin1", 0, STATUS_OK.length).startsWith(STATUS_OK)) {
      throw new Error(first.toString("latin1", 0, 100));
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  let events = 1;
  socket.on("data", () => {
    events += 1;
  });
  return {
    events: () => events,
    ended: () => socket.destroyed || socket.readableEnded,
    drop: () => socket.destroy(),
  };
}
