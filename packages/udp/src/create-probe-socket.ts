// Chooses who takes the time stamps on this host and makes the probe socket.

import { AppError, type Clock, type Random } from "@truechimer/base";
import { createDgramTransport } from "./dgram/dgram-transport.ts";
import { createJudgedProbeSocket } from "./judged-probe-socket.ts";
import { createKernelTransport } from "./kernel/kernel-transport.ts";
import { createPolledTransport } from "./kernel/polled-transport.ts";
import type { ProbeSocket } from "./probe-socket.ts";
import type { Transport, TransportEvents } from "./transport.ts";

/** `auto`: the kernel where it can, else this program. */
export type TimestampChoice = "auto" | "kernel" | "user_space";

/** What a probe socket is made of, and how it behaves. */
export interface ProbeSocketOptions {
  /** For pacing; and, without kernel stamps, for timeouts. */
  readonly clock: Clock;
  /** Makes the nonces. */
  readonly random: Random;
  /** Default: "auto". */
  readonly timestamps?: TimestampChoice;
  /**
   * With kernel stamps: no thread of its own, but a look at the sockets this often. Half the memory and processor time,
   * for results that come up to so much later; the stamps are the same. Absent: a thread that waits in the kernel.
   */
  readonly lookEveryMs?: number;
  /** Least time between two requests to the same address and port. Default: 0, the caller paces. */
  readonly serverGapMs?: number;
  /** Exchanges at once, below the limit of the implementation. */
  readonly inFlightMax?: number;
  /** Called once when "auto" has to do without kernel stamps, with the reason. */
  readonly onFallback?: (reason: AppError) => void;
  /** Called once if the socket breaks; it does not mend, so make a new one. */
  readonly onBroken?: (error: AppError) => void;
}

/** Rejects with AppError `kernel_timestamps_unavailable` when "kernel" is wanted and the host has none. */
export function createProbeSocket(options: ProbeSocketOptions): Promise<ProbeSocket> {
  return createJudgedProbeSocket({
    clock: options.clock,
    random: options.random,
    serverGapMs: options.serverGapMs ?? 0,
    inFlightMax: options.inFlightMax,
    onBroken: options.onBroken,
    createTransport: (events) => createTransport(options, events),
  });
}

async function createTransport(
  options: ProbeSocketOptions,
  events: TransportEvents,
): Promise<Transport> {
  const { clock, timestamps = "auto", lookEveryMs, onFallback } = options;
  if (timestamps === "user_space") return createDgramTransport({ clock, events });
  try {
    return lookEveryMs === undefined
      ? await createKernelTransport(events)
      : await createPolledTransport({ clock, events, lookEveryMs });
  } catch (error) {
    const isExpected = error instanceof AppError && error.code === "kernel_timestamps_unavailable";
    if (timestamps === "kernel" || !isExpected) throw error;
    onFallback?.(error);
    return createDgramTransport({ clock, events });
  }
}
