import { expect, it } from "vitest";
import { type FleetOptions, findingsOf, MS, monitors, servers, told } from "./_fleet.ts";

/** Robust standard deviation of a check in this fleet. */
const SIGMA_NS = 0.0434 * MS;

/** All monitors' clocks wander by so much, and one server's clock by so much besides. */
function wandering(monitorSigmas: number, serverSigmas: number, serverCount: number): FleetOptions {
  return {
    monitors: monitors(12),
    servers: servers(serverCount),
    happens: ({ server, isNow }) => {
      const own = server.id === "s0" ? serverSigmas : 0;
      return isNow ? { addNs: -(monitorSigmas + own) * SIGMA_NS } : {};
    },
  };
}

it("a server is not blamed for what its monitors see of all their servers", () => {
  expect(told(findingsOf(wandering(0.4, 0.7, 12)))).toEqual([]);
});

it("what is its own is found whichever way its monitors wander", () => {
  for (const wander of [0.4, 0, -0.4]) {
    expect(told(findingsOf(wandering(wander, 1.8, 12)))).toEqual(["server clock_step server s0"]);
  }
});

it("of few servers nobody knows what is the monitor's: nothing is set aside", () => {
  expect(told(findingsOf(wandering(0.4, 0.7, 5)))).toEqual(["server clock_step server s0"]);
});
