// The messages between the probe socket and its thread.

/** Where the thread is; an Int32 that both share. */
export const THREAD_BUSY = 0;
/** In the kernel: a message is seen only after a write to the eventfd. */
export const THREAD_WAITING = 1;
/** In its event loop: a message wakes it. */
export const THREAD_RESTING = 2;

/** Counters that the thread writes and the socket reads, in this order, as Float64. */
export const COUNTER_NAMES = [
  "sent",
  "answered",
  "timedOut",
  "late",
  "duplicate",
  "spoofed",
  "networkErrors",
] as const;

/** What the thread is started with: memory that both sides share. */
export interface ProbeThreadData {
  /** One Int32: THREAD_BUSY, THREAD_WAITING or THREAD_RESTING. */
  readonly state: SharedArrayBuffer;
  /** `COUNTER_NAMES.length` Float64. */
  readonly counters: SharedArrayBuffer;
}

/** From the probe socket to its thread. `stop` is the last. */
export type ToProbeThread =
  | { readonly kind: "orders"; readonly block: ArrayBuffer }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "stop" };

/** From the thread. `ready` or `unavailable` is the first. */
export type FromProbeThread =
  | { readonly kind: "ready"; readonly wakeFd: number }
  /** The host gives no kernel stamps; the thread ends. */
  | { readonly kind: "unavailable"; readonly problem: string }
  | { readonly kind: "ends"; readonly block: ArrayBuffer };
