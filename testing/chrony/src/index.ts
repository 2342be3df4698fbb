// For other testing packages and benchmarks.
export { chronyAvailable, ntpdigAvailable } from "./chrony-available.ts";
export {
  type ChronyServer,
  type ChronyServerOptions,
  startChronyServer,
} from "./chrony-server.ts";
export {
  type ClientFinding,
  queryWithChronyd,
  queryWithNtpdig,
  type TimeServerAddress,
} from "./time-clients.ts";
