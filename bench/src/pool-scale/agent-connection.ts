// One agent's connection: TLS with its certificate, HTTP/1.1 kept alive, one call at a time. As little of our own as is
// possible, because it runs on the cores that are measured.

import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";

export interface AgentConnection extends Disposable {
  /** Posts a protobuf body. Gives the answer's status and body. */
  call(path: string, body: Uint8Array): Promise<AgentAnswer>;
}

export interface AgentAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface ConnectOptions {
  /** "https://127.0.0.1:8124" */
  readonly url: string;
  readonly rootPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/** Connected with the first call, and anew when the server has closed an idle connection. */
export function createAgentConnection(options: ConnectOptions): AgentConnection {
  let open: OpenConnection | undefined;
  return {
    call: async (path, body) => {
      if (open === undefined || open.socket.destroyed) open = await openConnection(options);
      return open.call(path, body);
    },
    [Symbol.dispose]: () => open?.socket.destroy(),
  };
}

interface OpenConnection {
  readonly socket: TLSSocket;
  call(path: string, body: Uint8Array): Promise<AgentAnswer>;
}

async function openConnection(options: ConnectOptions): Promise<OpenConnection> {
  const { hostname, port, host } = new URL(options.url);
  const tcp = connectTcp({ host: hostname, port: Number(port), noDelay: true });
  const socket = connect({
    socket: tcp,
    host: hostname,
    ca: options.rootPem,
    cert: options.certificatePem,
    key: options.keyPem,
    ALPNProtocols: ["http/1.1"],
  });
  await once(socket, "secureConnect");
  let waiting: Waiting | undefined;
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const parsed = parseAnswer(received);
    if (parsed === undefined || waiting === undefined) return;
    received = received.subarray(parsed.length);
    const { resolve } = waiting;
    waiting = undefined;
    resolve(parsed.answer);
  });
  const failed = (error?: Error): void => {
    waiting?.reject(error ?? new Error("the connection was closed"));
    waiting = undefined;
  };
  socket.on("error", failed);
  socket.on("close", () => failed());
  return {
    socket,
    call: (path, body) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        const head = Buffer.from(
          `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/proto\r\n` +
            `connect-protocol-version: 1\r\nuser-agent: ntppool-agent/v4.1.5/bench\r\n` +
            `content-length: ${body.length}\r\n\r\n`,
          "latin1",
        );
        socket.write(Buffer.concat([head, body]));
      }),
  };
}

interface Waiting {
  readonly resolve: (answer: AgentAnswer) => void;
  readonly reject: (error: Error) => void;
}

function parseAnswer(
  received: Buffer,
): { readonly answer: AgentAnswer; readonly length: number } | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = received.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + HEAD_END.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    if (received.length < end) return undefined;
    return { answer: { status, body: received.subarray(start, end) }, length: end };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
    return { answer: { status, body: new Uint8Array() }, length: start };
  }
  return parseChunks(received, status, start);
}

function parseChunks(
  received: Buffer,
  status: number,
  start: number,
): { readonly answer: AgentAnswer; readonly length: number } | undefined {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = received.indexOf(LINE_END, at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(received.toString("latin1", at, lineEnd), 16);
    const from = lineEnd + LINE_END.length;
    const to = from + size;
    if (received.length < to + LINE_END.length) return undefined;
    at = to + LINE_END.length;
    if (size === 0) return { answer: { status, body: Buffer.concat(chunks) }, length: at };
    chunks.push(received.subarray(from, to));
  }
}
