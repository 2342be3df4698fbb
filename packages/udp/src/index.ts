export {
  createProbeSocket,
  type ProbeSocketOptions,
  type TimestampChoice,
} from "./create-probe-socket.ts";
export { releaseProgramPages } from "./kernel/program-pages.ts";
export { IN_FLIGHT_MAX, TIMEOUT_MS_MAX } from "./limits.ts";
export type { ExchangeRequest, ProbeSocket, ProbeSocketCounters } from "./probe-socket.ts";
export {
  createSweeper,
  type Sweeper,
  type SweepResult,
  type SweepTarget,
  sweepReason,
} from "./sweep/sweeper.ts";
export { createTracer, type TracerOptions } from "./traceroute/tracer.ts";
export {
  type HopAnswer,
  type IcmpMessage,
  type Tracer,
  type Traceroute,
  type TracerouteHop,
  type TracerouteRequest,
} from "./traceroute/traceroute.ts";
