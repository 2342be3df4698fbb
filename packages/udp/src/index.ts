export {
  createProbeSocket,
  type ProbeSocketOptions,
  type TimestampChoice,
} from "./create-probe-socket.ts";
export { IN_FLIGHT_MAX, TIMEOUT_MS_MAX } from "./limits.ts";
export type { ExchangeRequest, ProbeSocket, ProbeSocketCounters } from "./probe-socket.ts";
