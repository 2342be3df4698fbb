// Time servers that do nothing but answer fast: a thread that turns each request in place into its answer. It answers for
// every address of 127.0.0.0/8, each from itself, with T2 by the kernel and T3 read right before a few answers are sent.
// It serves the benchmark alone; nothing is checked.

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
/** Answers that share one reading of T3: each is sent some microseconds after the one before. */
const SEND_BATCH = 4;
const HEADER_BYTES = 64;
const BUFFER_BYTES = 64;
const NAME_BYTES = 16;
const CONTROL_BYTES = 96;
const PACKET_INFO_BYTES = 32;
const PACKET_BYTES = 48;
const NTP_UNIX_SECONDS = 2_208_988_800;
const FRACTIONS_PER_NS = 2 ** 32 / 1e9;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_TIMESTAMPNS = 35;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const CLOCK_REALTIME = 0;
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

/** One block of memory with the message headers and all that they point to. */
class Messages {
  readonly view: DataView;
  readonly base: number;
  readonly buffers: number;
  readonly controls: number;
  /** The control message of each answer: which address it leaves from. */
  readonly packetInfos: number;
  readonly scratch: number;

  constructor() {
    const each = HEADER_BYTES + BUFFER_BYTES + NAME_BYTES + 16 + CONTROL_BYTES + PACKET_INFO_BYTES;
    const block = new Uint8Array(BATCH * each + 128);
    this.view = new DataView(block.buffer);
    this.base = Number(koffi.address(block));
    const vectors = BATCH * HEADER_BYTES;
    const names = vectors + BATCH * 16;
    this.buffers = names + BATCH * NAME_BYTES;
    this.controls = this.buffers + BATCH * BUFFER_BYTES;
    this.packetInfos = this.controls + BATCH * CONTROL_BYTES;
    this.scratch = this.packetInfos + BATCH * PACKET_INFO_BYTES;
    for (let i = 0; i < BATCH; i += 1) {
      const header = i * HEADER_BYTES;
      this.#point(header, names + i * NAME_BYTES);
      this.view.setUint32(header + 8, NAME_BYTES, true);
      this.#point(header + 16, vectors + i * 16);
      this.view.setUint32(header + 24, 1, true);
      this.#point(vectors + i * 16, this.buffers + i * BUFFER_BYTES);
      this.view.setUint32(vectors + i * 16 + 8, PACKET_BYTES, true);
      const info = this.packetInfos + i * PACKET_INFO_BYTES;
      this.view.setUint32(info, 16 + 12, true);
      this.view.setUint32(info + 8, IPPROTO_IP, true);
      this.view.setUint32(info + 12, IP_PKTINFO, true);
    }
    this.toReceive(BATCH);
  }

  toReceive(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#control(i, this.controls + i * CONTROL_BYTES, CONTROL_BYTES);
    }
  }

  toSend(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#control(i, this.packetInfos + i * PACKET_INFO_BYTES, PACKET_INFO_BYTES);
    }
  }

  #control(index: number, at: number, lengthBytes: number): void {
    this.#point(index * HEADER_BYTES + 32, at);
    this.view.setUint32(index * HEADER_BYTES + 40, lengthBytes, true);
  }

  #point(at: number, target: number): void {
    const address = this.base + target;
    this.view.setUint32(at, address % 2 ** 32, true);
    this.view.setUint32(at + 4, Math.floor(address / 2 ** 32), true);
  }
}

function respond({ stop }: ResponderData, tellPort: (port: number) => void): void {
  const library = koffi.load(null);
  const declare = (text: string): NativeCall => library.func(text) as NativeCall;
  const receive = declare("int recvmmsg(int, size_t, unsigned int, int, size_t)");
  const send = declare("int sendmmsg(int, size_t, unsigned int, int)");
  const clock = declare("int clock_gettime(int, size_t)");
  const messages = new Messages();
  const { view, base, scratch } = messages;
  const fd = openSocket(declare, messages, tellPort);
  const stopped = new Int32Array(stop);
  while (Atomics.load(stopped, 0) === 0) {
    const count = receive(fd, base, BATCH, MSG_WAITFORONE, 0);
    for (let i = 0; i < count; i += 1) turnIntoAnswer(messages, i);
    if (count > 0) messages.toSend(count);
    for (let sent = 0; sent < count; ) {
      const length = Math.min(SEND_BATCH, count - sent);
      clock(CLOCK_REALTIME, base + scratch);
      for (let i = sent; i < sent + length; i += 1) {
        putStamp(view, messages.buffers + i * BUFFER_BYTES + 40, scratch);
      }
      sent += Math.max(1, send(fd, base + sent * HEADER_BYTES, length, 0));
    }
    if (count > 0) messages.toReceive(count);
  }
  declare("int close(int)")(fd);
}

/** All but T3. */
function turnIntoAnswer({ view, buffers, controls, packetInfos }: Messages, index: number): void {
  const at = buffers + index * BUFFER_BYTES;
  view.setUint32(at, 0x240206ec);
  view.setUint32(at + 24, view.getUint32(at + 40));
  view.setUint32(at + 28, view.getUint32(at + 44));
  view.setUint32(at + 16, 1);
  const end = controls + index * CONTROL_BYTES + CONTROL_BYTES;
  let message = controls + index * CONTROL_BYTES;
  while (message + 16 <= end) {
    const length = view.getUint32(message, true);
    if (length < 16) return;
    if (view.getUint32(message + 8, true) === SOL_SOCKET) putStamp(view, at + 32, message + 16);
    else {
      // The address that was asked is the one to answer from.
      const asked = view.getUint32(message + 16 + 8);
      view.setUint32(packetInfos + index * PACKET_INFO_BYTES + 16 + 4, asked);
    }
    message += (length + 7) & ~7;
  }
}

/** A struct timespec as an NTP time stamp. */
function putStamp(view: DataView, at: number, timespec: number): void {
  view.setUint32(at, view.getUint32(timespec, true) + NTP_UNIX_SECONDS);
  view.setUint32(at + 4, Math.floor(view.getUint32(timespec + 8, true) * FRACTIONS_PER_NS));
}

function openSocket(
  declare: (text: string) => NativeCall,
  { view, scratch, base }: Messages,
  tellPort: (port: number) => void,
): number {
  const fd = declare("int socket(int, int, int)")(AF_INET, SOCK_DGRAM, 0);
  const at = base + scratch;
  const setOption = declare("int setsockopt(int, int, int, size_t, unsigned int)");
  view.setUint32(scratch, RECEIVE_BUFFER_BYTES, true);
  setOption(fd, SOL_SOCKET, SO_RCVBUF, at, 4);
  view.setUint32(scratch, 1, true);
  setOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, at, 4);
  setOption(fd, IPPROTO_IP, IP_PKTINFO, at, 4);
  view.setBigUint64(scratch, 0n, true);
  view.setBigUint64(scratch + 8, BigInt(WAIT_MICROSECONDS), true);
  setOption(fd, SOL_SOCKET, SO_RCVTIMEO, at, 16);
  view.setBigUint64(scratch + 8, 0n, true);
  view.setUint16(scratch, AF_INET, true);
  view.setUint16(scratch + 2, 0);
  view.setUint32(scratch + 4, 0);
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
