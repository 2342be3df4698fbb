import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import {
  failureFromErrorName,
  failureFromLinuxErrno,
  sendFailureFromErrorName,
  sendFailureFromLinuxErrno,
} from "./network-failure.ts";

const EXPECTED = {
  ECONNREFUSED: "connection_refused",
  ENETUNREACH: "network_unreachable",
  EHOSTUNREACH: "host_unreachable",
  EPERM: "permission_denied",
  EACCES: "permission_denied",
  EADDRNOTAVAIL: "network_error",
} as const;

describe.each(Object.entries(EXPECTED))("%s", (name, failure) => {
  test(`is ${failure} by its name`, () => {
    expect(failureFromErrorName(name)).toBe(failure);
  });

  test.runIf(process.platform === "linux")(`is ${failure} by its number`, () => {
    expect(failureFromLinuxErrno(constants.errno[name as keyof typeof EXPECTED])).toBe(failure);
  });
});

const OF_SENDING = {
  ECONNREFUSED: "connection_refused",
  ENETUNREACH: "network_unreachable",
  EHOSTUNREACH: "host_unreachable",
  EPERM: "local_socket_failed",
  EACCES: "local_socket_failed",
  EADDRNOTAVAIL: "local_socket_failed",
  EMFILE: "local_socket_failed",
  ENFILE: "local_socket_failed",
  ENOBUFS: "local_socket_failed",
  EINVAL: "local_socket_failed",
} as const;

describe.each(Object.entries(OF_SENDING))("%s of our own call", (name, failure) => {
  test(`is ${failure} by its name`, () => {
    expect(sendFailureFromErrorName(name)).toBe(failure);
  });

  test.runIf(process.platform === "linux")(`is ${failure} by its number`, () => {
    const errno = constants.errno[name as keyof typeof constants.errno];
    expect(sendFailureFromLinuxErrno(errno)).toBe(failure);
  });
});
