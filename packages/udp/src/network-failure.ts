// What the operating system says about a request that did not get through, as our coded reasons. The one place where
// system error names and numbers are read.

import type { SampleReason } from "@truechimer/ntp";

/** The reasons that the operating system can give for silence; `local_socket_failed` is this host's own doing. */
export type NetworkFailure = Extract<
  SampleReason,
  | "connection_refused"
  | "network_unreachable"
  | "host_unreachable"
  | "permission_denied"
  | "network_error"
  | "local_socket_failed"
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

/** Of these, a call of our own that fails with them has met the network; with any other, this host. */
const NETWORKS_OWN: ReadonlySet<NetworkFailure> = new Set<NetworkFailure>([
  "connection_refused",
  "network_unreachable",
  "host_unreachable",
]);

/** What the network reported of a request that has left, from the `code` of a Node system error. */
export function failureFromErrorName(name: string | undefined): NetworkFailure {
  return FAILURE_BY_NAME.get(name ?? "") ?? "network_error";
}

/** What the network reported of a request that has left, from an errno of Linux. */
export function failureFromLinuxErrno(errno: number): NetworkFailure {
  return failureFromErrorName(LINUX_NAME_BY_NUMBER.get(errno));
}

/** Why a request did not leave: the error of socket, bind, connect or send, from the `code` of a Node system error. */
export function sendFailureFromErrorName(name: string | undefined): NetworkFailure {
  const failure = failureFromErrorName(name);
  return NETWORKS_OWN.has(failure) ? failure : "local_socket_failed";
}

/** Why a request did not leave, from an errno of Linux. */
export function sendFailureFromLinuxErrno(errno: number): NetworkFailure {
  return sendFailureFromErrorName(LINUX_NAME_BY_NUMBER.get(errno));
}
