// One simulated server on a UDP socket: receives, asks `planAnswer` what to do, waits as long as the path takes, and
// stamps the answer at the moment of sending. A timer that fires late makes the server slow, not wrong.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { UnixNs } from "@truechimer/base";
import type { AnswerPlan } from "./plan-answer.ts";

/** Answers held back at one time by one server; beyond, requests go unanswered. Bounds memory under a flood. */
const ANSWERS_HELD_MAX = 10_000;
/** Far above any simulated path; passed only when the host's clock is stepped back, and then the answer is lost. */
const HOLD_MS_MAX = 1_000;
const NS_PER_MS = 1_000_000;

/** A datagram with the wall clock's reading when it was taken from the socket. */
export interface ReceivedRequest {
  readonly datagram: Uint8Array;
  readonly receivedAtNs: UnixNs;
  readonly sourceAddress: string;
}

/** Where to listen, and whom to ask for answers. */
export interface ResponderSocketOptions {
  readonly address: string;
  /** The port to have if it is free; 0 for any. */
  readonly preferredPort: number;
  readonly wallClockNs: () => UnixNs;
  /** Absent: silence. */
  readonly planAnswer: (request: ReceivedRequest) => AnswerPlan | undefined;
  /** The socket broke after it was bound. */
  readonly onBroken: (error: Error) => void;
}

/** One server's socket. Disposing forgets the answers that are held back. */
export interface ResponderSocket extends AsyncDisposable {
  /** The port that it got. */
  readonly port: number;
}

/** Resolves when the socket listens; rejects when `address` cannot be bound. */
export async function createResponderSocket(
  options: ResponderSocketOptions,
): Promise<ResponderSocket> {
  const socket = await boundSocket(options.address, options.preferredPort);
  const held = new Set<NodeJS.Timeout>();
  socket.on("error", options.onBroken);
  socket.on("message", (datagram, remote) => {
    const receivedAtNs = options.wallClockNs();
    const sourceAddress = remote.address;
    const plan = options.planAnswer({ datagram, receivedAtNs, sourceAddress });
    if (plan === undefined || held.size >= ANSWERS_HELD_MAX) return;
    holdThenSend({ socket, held, remote, plan, wallClockNs: options.wallClockNs });
  });
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => {
      for (const timer of held) clearTimeout(timer);
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

interface HeldAnswer {
  readonly socket: Socket;
  readonly held: Set<NodeJS.Timeout>;
  readonly remote: RemoteInfo;
  readonly plan: AnswerPlan;
  readonly wallClockNs: () => UnixNs;
}

/** Timers count whole milliseconds and may fire up to one early, so the rest is waited for again. */
function holdThenSend(answer: HeldAnswer): void {
  const { socket, held, remote, plan, wallClockNs } = answer;
  const holdMs = Math.ceil(Number(plan.sendAtNs - wallClockNs()) / NS_PER_MS);
  if (holdMs <= 0) {
    // A failure to send is a lost answer, as on any network.
    socket.send(plan.encodeSentAt(wallClockNs()), remote.port, remote.address, () => {});
    return;
  }
  if (holdMs > HOLD_MS_MAX) return;
  const timer = setTimeout(() => {
    held.delete(timer);
    holdThenSend(answer);
  }, holdMs);
  held.add(timer);
}

/** Falls back to any free port when the preferred one is taken. */
async function boundSocket(address: string, preferredPort: number): Promise<Socket> {
  try {
    return await bind(address, preferredPort);
  } catch (error) {
    if (preferredPort === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return await bind(address, 0);
  }
}

async function bind(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4" });
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Whether this host lets a program have `address`. */
export async function canBind(address: string): Promise<boolean> {
  try {
    const socket = await bind(address, 0);
    const bound: AddressInfo = socket.address();
    socket.close();
    return bound.address === address;
  } catch {
    return false;
  }
}
