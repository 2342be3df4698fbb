// A time server that does nothing but answer fast: a thread that turns each request in place into its answer and sends
// the whole batch back. It serves the benchmark alone; nothing is checked.

import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import koffi from "koffi";

export interface Responder extends AsyncDisposable {
  readonly port: number;
}

interface ResponderData {
  readonly stop: SharedArrayBuffer;
}

type NativeCall = (...values: number[]) => number;

const BATCH = 64;
const HEADER_BYTES = 64;
const BUFFER_BYTES = 64;
const NAME_BYTES = 16;
const PACKET_BYTES = 48;
const NTP_UNIX_SECONDS = 2_208_988_800;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const MSG_WAITFORONE = 0x10000;
const RECEIVE_BUFFER_BYTES = 1 << 22;
const WAIT_MICROSECONDS = 100_000;

export async function startResponder(): Promise<Responder> {
  const data: ResponderData = { stop: new SharedArrayBuffer(4) };
  const worker = new Worker(new URL(import.meta.url), { workerData: data, name: "responder" });
  const exited = once(worker, "exit");
  const [port] = (await once(worker, "message")) as [number];
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      Atomics.store(new Int32Array(data.stop), 0, 1);
      await exited;
    },
  };
}

function respond({ stop }: ResponderData, tellPort: (port: number) => void): void {
  const library = koffi.load(null);
  const declare = (text: string): NativeCall => library.func(text) as NativeCall;
  const receive = declare("int recvmmsg(int, size_t, unsigned int, int, size_t)");
  const send = declare("int sendmmsg(int, size_t, unsigned int, int)");
  const block = new Uint8Array(BATCH * (HEADER_BYTES + BUFFER_BYTES + NAME_BYTES + 16) + 64);
  const view = new DataView(block.buffer);
  const base = Number(koffi.address(block));
  const vectors = BATCH * HEADER_BYTES;
  const names = vectors + BATCH * 16;
  const buffers = names + BATCH * NAME_BYTES;
  for (let i = 0; i < BATCH; i += 1) {
    const header = i * HEADER_BYTES;
    view.setBigUint64(header, BigInt(base + names + i * NAME_BYTES), true);
    view.setUint32(header + 8, NAME_BYTES, true);
    view.setBigUint64(header + 16, BigInt(base + vectors + i * 16), true);
    view.setUint32(header + 24, 1, true);
    view.setBigUint64(vectors + i * 16, BigInt(base + buffers + i * BUFFER_BYTES), true);
    view.setUint32(vectors + i * 16 + 8, PACKET_BYTES, true);
  }
  const fd = openSocket(declare, { view, scratch: block.length - 64, base }, tellPort);
  const stopped = new Int32Array(stop);
  while (Atomics.load(stopped, 0) === 0) {
    const count = receive(fd, base, BATCH, MSG_WAITFORONE, 0);
    const seconds = Math.floor(Date.now() / 1_000) + NTP_UNIX_SECONDS;
    const fraction = Math.floor(((Date.now() % 1_000) / 1_000) * 2 ** 32);
    for (let i = 0; i < count; i += 1) {
      const at = buffers + i * BUFFER_BYTES;
      view.setUint32(at, 0x240206ec);
      view.setBigUint64(at + 24, view.getBigUint64(at + 40));
      for (const stamp of [16, 32, 40]) {
        view.setUint32(at + stamp, seconds);
        view.setUint32(at + stamp + 4, fraction);
      }
    }
    for (let sent = 0; sent < count; ) {
      const result = send(fd, base + sent * HEADER_BYTES, count - sent, 0);
      sent += Math.max(1, result);
    }
  }
  declare("int close(int)")(fd);
}

interface Scratch {
  readonly view: DataView;
  readonly scratch: number;
  readonly base: number;
}

function openSocket(
  declare: (text: string) => NativeCall,
  { view, scratch, base }: Scratch,
  tellPort: (port: number) => void,
): number {
  const fd = declare("int socket(int, int, int)")(AF_INET, SOCK_DGRAM, 0);
  const at = base + scratch;
  const setOption = declare("int setsockopt(int, int, int, size_t, unsigned int)");
  view.setUint32(scratch, RECEIVE_BUFFER_BYTES, true);
  setOption(fd, SOL_SOCKET, SO_RCVBUF, at, 4);
  view.setBigUint64(scratch, 0n, true);
  view.setBigUint64(scratch + 8, BigInt(WAIT_MICROSECONDS), true);
  setOption(fd, SOL_SOCKET, SO_RCVTIMEO, at, 16);
  view.setBigUint64(scratch + 8, 0n, true);
  view.setUint16(scratch, AF_INET, true);
  view.setUint16(scratch + 2, 0);
  view.setUint32(scratch + 4, 0x7f000001);
  declare("int bind(int, size_t, unsigned int)")(fd, at, NAME_BYTES);
  view.setUint32(scratch + 32, NAME_BYTES, true);
  declare("int getsockname(int, size_t, size_t)")(fd, at, at + 32);
  tellPort(view.getUint16(scratch + 2));
  return fd;
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  respond(workerData as ResponderData, (number) => port.postMessage(number));
}
