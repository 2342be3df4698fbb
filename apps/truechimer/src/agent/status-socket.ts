// How a running agent tells `status` and `doctor` how it is: a socket in its state directory, which only its own account
// can reach. Whoever connects gets one JSON document. A socket and no file: it is never out of date, costs no writes, and
// nobody answers at it when the agent is gone.

import { chmod, rm, stat } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "@truechimer/base";

const SOCKET_NAME = "status.sock";
/** Of `sun_path`, with its final zero, on the system that gives least (macOS). */
const PATH_BYTES_MAX = 103;
const OWNER_ONLY = 0o600;
/** The document has two kilobytes. */
const DOCUMENT_BYTES_MAX = 262_144;
const ASK_TIMEOUT_MS = 2_000;
/** Whoever does not read is hung up on. */
const IDLE_MS = 2_000;
const CONNECTIONS_MAX = 8;
/** How soon the socket is there again after the state directory was removed and made anew. */
export const LOOK_MS = 10_000;

export interface StatusSocketOptions {
  /** `<state directory>/<environment>`; exists, and nobody else may enter it. */
  readonly directory: string;
  /** Becomes JSON at each question. */
  readonly status: () => unknown;
  readonly clock: Clock;
}

/**
 * Listens until disposal. Only the agent that holds the directory's lock may call this: a socket that a killed one left
 * is replaced. Undefined: the directory's path is too long for a socket, so there is none.
 */
export async function serveStatus({
  directory,
  status,
  clock,
}: StatusSocketOptions): Promise<AsyncDisposable | undefined> {
  const path = join(directory, SOCKET_NAME);
  if (!fitsSocket(path)) return undefined;
  await rm(path, { force: true });
  let serving: Serving | undefined = await listen(path, status);
  let looking: Promise<void> = Promise.resolve();
  let isClosed = false;

  const look = async (): Promise<void> => {
    // Whatever lies there is ours, or that of an agent that took the directory over: it stays.
    if ((await idOf(path)) !== undefined) return;
    // First, as the end of a server removes what lies under its name.
    await serving?.close();
    serving = await listen(path, status).catch(() => undefined);
  };
  let cancel = (): void => {};
  const lookLater = (): void => {
    cancel = clock.setTimer(LOOK_MS, () => {
      looking = look().then(() => {
        if (!isClosed) lookLater();
      });
    });
  };
  lookLater();
  return {
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      cancel();
      await looking;
      await serving?.close();
    },
  };
}

interface Serving {
  close(): Promise<void>;
}

async function listen(path: string, status: () => unknown): Promise<Serving> {
  const server = createServer((socket) => answer(socket, status));
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
  await chmod(path, OWNER_ONLY);
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** Undefined: there is nothing under that name. */
async function idOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}

function answer(socket: Socket, status: () => unknown): void {
  socket.on("error", () => socket.destroy());
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.end(JSON.stringify(status()));
}

function fitsSocket(path: string): boolean {
  return process.platform !== "win32" && Buffer.byteLength(path) <= PATH_BYTES_MAX;
}

/** What the agent that runs on `directory` says. Undefined: none runs, or none that can be asked. */
export async function askStatus(directory: string, clock: Clock): Promise<unknown> {
  const path = join(directory, SOCKET_NAME);
  if (!fitsSocket(path)) return undefined;
  const text = await readAll(path, clock);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readAll(path: string, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = createConnection(path);
    const finish = (found: string | undefined): void => {
      cancel();
      socket.destroy();
      resolve(found);
    };
    const cancel = clock.setTimer(ASK_TIMEOUT_MS, () => finish(undefined));
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => {
      text += part;
      if (text.length > DOCUMENT_BYTES_MAX) finish(undefined);
    });
    socket.once("error", () => finish(undefined));
    socket.once("end", () => finish(text));
  });
}
