export { AppError, type AppErrorOptions } from "./app-error.ts";
export { assert, unreachable } from "./assert.ts";
export { type Clock, sleep, type UnixNs, unixMsFromNs } from "./clock.ts";
export { createCoarseClock } from "./coarse-clock.ts";
export { csvLine } from "./csv-line.ts";
export { parseDurationMs } from "./duration.ts";
export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
export { formatDurationNs, formatOffset } from "./format-time.ts";
export {
  type AddressScope,
  addressScope,
  type IpAddress,
  type IpFamily,
  ipAddressFromBytes,
  parseIpAddress,
} from "./ip-address.ts";
export { type NamedTarget, parseTarget } from "./parse-target.ts";
export { type Random, systemRandom, unsafelyDeterministicRandom } from "./random.ts";
export { ok, type Result, refused } from "./result.ts";
export { STOP_LIMITS } from "./stop-limits.ts";
export { systemClock } from "./system-clock.ts";
export { createUlid, isUlid, type Ulid, ulidTimeMs, ulidTimeText } from "./ulid.ts";
export {
  type AbortListener,
  listenForAbort,
  stopListeningForAbort,
  whenAborted,
} from "./when-aborted.ts";
