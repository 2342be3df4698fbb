// What the operating system says about a request that did not get through, as our coded reasons. The one place where
// system error names and numbers are read.

import type { SampleReason } from "@truechimer/ntp";

/** The reasons that the operating system can give for silence. */
export type NetworkFailure = Extract<
  SampleReason,
  | "connection_refused"
  | "network_unreachable"
  | "host_unreachable"
  | "permission_denied"
  | "network_error"
>;

const FAILURE_BY_NAME: ReadonlyMap<string, NetworkFailure> = new Map([
  ["ECONNREFUSED", "connection_refused"],
  ["ENETUNREACH", "network_unreachable"],
  ["ENETDOWN", "network_unreachable"],
  ["EHOSTUNREACH", "host_unreachable"],
  ["EHOSTDOWN", "host_unreachable"],
  ["EACCES", "permission_denied"],
  ["EPERM", "permission_denied"],
]);

/** Linux, all architectures that Node runs on. */
const LINUX_NAME_BY_NUMBER: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [13, "EACCES"],
  [100, "ENETDOWN"],
  [101, "ENETUNREACH"],
  [111, "ECONNREFUSED"],
  [112, "EHOSTDOWN"],
  [113, "EHOSTUNREACH"],
]);

/** From the `code` of a Node system error. */
export function failureFromErrorName(name: string | undefined): NetworkFailure {
  return FAILURE_BY_NAME.get(name ?? "") ?? "network_error";
}

/** From an errno of Linux. */
export function failureFromLinuxErrno(errno: number): NetworkFailure {
  return failureFromErrorName(LINUX_NAME_BY_NUMBER.get(errno));
}
