// Thousands of time servers on loopback, one port each, in a process of their own. Those that are silent take requests
// and say nothing. Run as a program: prints the ports as JSON, ends when its input does.

import { spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface TimeServers extends Disposable {
  readonly ports: readonly number[];
}

const PACKET_BYTES = 48;
const NTP_UNIX_SECONDS = 2_208_988_800;
/** Leap none, version 4, mode server; stratum 2, poll 6, precision 2^-20. */
const FIRST_WORD = 0x240206ec;

export async function startTimeServers(options: {
  readonly count: number;
  readonly silent: boolean;
}): Promise<TimeServers> {
  const child = spawn(
    process.execPath,
    [import.meta.filename, String(options.count), options.silent ? "silent" : "answering"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    ports: JSON.parse(line) as number[],
    [Symbol.dispose]: () => void child.kill(),
  };
}

async function openServer(silent: boolean): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  if (silent) socket.on("message", () => {});
  else socket.on("message", (request, { port }) => answer(socket, request, port));
  return socket.address().port;
}

function answer(socket: Socket, request: Buffer, port: number): void {
  if (request.length < PACKET_BYTES) return;
  const response = Buffer.alloc(PACKET_BYTES);
  const nowMs = performance.timeOrigin + performance.now();
  const seconds = Math.floor(nowMs / 1_000);
  const fraction = Math.floor(((nowMs % 1_000) / 1_000) * 2 ** 32);
  response.writeUInt32BE(FIRST_WORD, 0);
  // Its origin is the request's transmit time stamp. RFC 5905, section 8.
  request.copy(response, 24, 40, 48);
  for (const stamp of [16, 32, 40]) {
    response.writeUInt32BE(seconds + NTP_UNIX_SECONDS, stamp);
    response.writeUInt32BE(fraction, stamp + 4);
  }
  socket.send(response, port, "127.0.0.1");
}

async function main(): Promise<void> {
  const [count, kind] = process.argv.slice(2);
  const ports: number[] = [];
  for (let made = 0; made < Number(count); made += 1)
    ports.push(await openServer(kind === "silent"));
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  process.stdin.resume();
  await once(process.stdin, "end");
  process.exit();
}

if (process.argv[1] === import.meta.filename) await main();
