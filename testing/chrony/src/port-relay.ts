// Hands datagrams on between a port that a client insists on and the server's own.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";

/** A running relay. */
export interface PortRelay extends AsyncDisposable {
  /** Where the relay listens. */
  readonly address: IpAddress;
}

/** Any host of 127.0.0.0/8 will do; this one is unlikely to be somebody's. */
const RELAY_IPV4 = "127.123.0.1";
const RELAY_IPV6 = "::1";
/** Clients that one relay serves at once. */
const CLIENTS_MAX = 64;

/** Listens on `listenPort` of a loopback address and hands everything on to the server. */
export async function createRelay(
  server: IpAddress,
  serverPort: number,
  listenPort: number,
): Promise<PortRelay> {
  const type = server.family === "v4" ? "udp4" : "udp6";
  const address = parseIpAddress(server.family === "v4" ? RELAY_IPV4 : RELAY_IPV6);
  if (!address.ok) throw new Error(address.error);
  const front = createSocket(type);
  const backs = new Map<string, Socket>();
  await bind(front, address.value, listenPort);
  front.on("message", (bytes, client) => {
    const key = `${client.address} ${client.port}`;
    let back = backs.get(key);
    if (back === undefined) {
      if (backs.size >= CLIENTS_MAX) return;
      back = createSocket(type);
      back.on("message", (answer) => front.send(answer, client.port, client.address));
      backs.set(key, back);
    }
    back.send(bytes, serverPort, server.text);
  });
  return {
    address: address.value,
    [Symbol.asyncDispose]: () => {
      for (const socket of [front, ...backs.values()]) socket.close();
      return Promise.resolve();
    },
  };
}

async function bind(socket: Socket, address: IpAddress, port: number): Promise<void> {
  const listening = once(socket, "listening");
  socket.bind({ address: address.text, port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new AppError(
      code === "EACCES" ? "forbidden" : "port_in_use",
      `a relay cannot listen on ${address.text} port ${port} (${code ?? "unknown error"}): run as root, or free the port`,
      { cause: error },
    );
  }
}
