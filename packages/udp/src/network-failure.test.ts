import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { failureFromErrorName, failureFromLinuxErrno } from "./network-failure.ts";

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
