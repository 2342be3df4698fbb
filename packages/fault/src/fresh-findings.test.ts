import { expect, it } from "vitest";
import {
  type FleetOptions,
  findingsOf,
  freshlyFoundOf,
  LOST,
  MS,
  monitors,
  servers,
  told,
} from "./_fleet.ts";

const FLEET = { monitors: monitors(8), servers: servers(6) };
/** The minute of the newest check. */
const NEWEST = 29;

function newest(
  where: (monitor: string, server: string) => boolean,
  what: ReturnType<NonNullable<FleetOptions["happens"]>>,
): FleetOptions {
  return {
    ...FLEET,
    happens: ({ monitor, server, minute }) =>
      minute >= NEWEST && where(monitor.id, server.id) ? what : {},
  };
}

it("a clock that has stepped is known by the newest check of all who see it", () => {
  const world = newest((_, server) => server === "s0", { addNs: 5 * MS });
  expect(findingsOf(world)).toEqual([]);
  expect(told(freshlyFoundOf(world))).toEqual(["server clock_step server s0"]);
});

it("so is a monitor whose clock is off", () => {
  const world = newest((monitor) => monitor === "m0", { addNs: 15 * MS });
  expect(told(freshlyFoundOf(world))).toEqual(["monitor monitor_clock monitor m0"]);
});

it("so is a way that has changed for six pairs, but not for four", () => {
  const routed = ({ id }: { readonly id: string }): boolean => id === "m0" || id === "m1";
  const world = (serverCount: number): FleetOptions => ({
    monitors: monitors(8),
    servers: servers(6).map((server, number) => ({
      ...server,
      networks: [number < serverCount ? "near" : "far"],
    })),
    hops: (monitor, { networks }) => (routed(monitor) && networks[0] === "near" ? ["router"] : []),
    happens: ({ monitor, server, minute }) =>
      minute >= NEWEST && routed(monitor) && server.networks[0] === "near"
        ? { addNs: 2 * MS, addDelayNs: 4 * MS }
        : {},
  });
  expect(findingsOf(world(3))).toEqual([]);
  expect(told(freshlyFoundOf(world(3)))).toEqual(["path path_change part router near"]);
  expect(freshlyFoundOf(world(2))).toEqual([]);
});

it("what shows in all three is told once", () => {
  const world: FleetOptions = {
    ...FLEET,
    happens: ({ server, isNow }) => (isNow && server.id === "s0" ? { addNs: 5 * MS } : {}),
  };
  expect(freshlyFoundOf(world)).toEqual(findingsOf(world));
});

it("one check of one pair, or of two, is no evidence", () => {
  const isOne = (monitor: string, server: string): boolean => monitor === "m0" && server === "s0";
  expect(freshlyFoundOf(newest(isOne, { addNs: 5 * MS }))).toEqual([]);
  expect(freshlyFoundOf(newest(isOne, LOST))).toEqual(findingsOf(newest(isOne, LOST)));
});

it("what is not much more than the noise is known by one check of twelve, before a second one is between", () => {
  const world: FleetOptions = {
    ...FLEET,
    monitors: monitors(12),
    happens: ({ server, minute }) =>
      minute >= NEWEST && server.id === "s0" ? { addNs: 0.11 * MS } : {},
  };
  expect(findingsOf(world)).toEqual([]);
  expect(told(freshlyFoundOf(world))).toEqual(["server clock_step server s0"]);
});

it("what is known of two pairs by more checks is told as the whole way, as soon as the newest check of all of it shows it", () => {
  const isRouted = ({ id }: { readonly id: string }): boolean => id === "m0" || id === "m1";
  const world: FleetOptions = {
    monitors: monitors(8),
    servers: servers(6).map((server, number) => ({
      ...server,
      networks: [number < 3 ? "near" : "far"],
    })),
    hops: (monitor, { networks }) =>
      isRouted(monitor) && networks[0] === "near" ? ["router"] : [],
    happens: ({ monitor, server, minute }) =>
      minute >= (server.id === "s0" ? NEWEST - 1 : NEWEST) &&
      isRouted(monitor) &&
      server.networks[0] === "near"
        ? { addNs: 2 * MS, addDelayNs: 4 * MS }
        : {},
  };
  expect(told(findingsOf(world))).toEqual(["path path_change part router s0"]);
  expect(told(freshlyFoundOf(world))).toEqual(["path path_change part router near"]);
});
