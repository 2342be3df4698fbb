// A fleet on an Internet of its own: monitors in networks, servers in prefixes, each way through two carriers.

import type { Random } from "@truechimer/base";
import type { MonitorPlace, Pair, ServerPlace } from "@truechimer/fault";

export interface WorldOptions {
  readonly servers: number;
  readonly monitors: number;
  /** Monitors that watch each server. */
  readonly watchers: number;
  readonly random: Random;
}

/** How the way between a monitor and a server behaves while nothing is wrong. */
export interface Way {
  readonly pair: Pair;
  /** Without queues, nanoseconds. The two differ: the standing asymmetry. */
  readonly outNs: number;
  readonly backNs: number;
  /** Mean wait in queues, one way, nanoseconds. */
  readonly queueNs: number;
  readonly lossShare: number;
  /** When in each interval it is checked, 0 to 1. */
  readonly phase: number;
}

export interface World {
  readonly monitors: readonly MonitorPlace[];
  readonly servers: readonly ServerPlace[];
  readonly ways: readonly Way[];
}

const MS = 1e6;
const MONITORS_PER_NETWORK = 2.5;
const MONITORS_PER_ACCOUNT = 2;
const COUNTRIES = 14;
const CARRIERS = 10;
const SERVERS_PER_PREFIX_MAX = 6;
/** Of the ways, those of which no traceroute is known. */
const WITHOUT_HOPS = 0.15;

export function createWorld({ servers, monitors, watchers, random }: WorldOptions): World {
  const monitorPlaces = placeMonitors(monitors, random);
  const serverPlaces = placeServers(servers, random);
  const carriers = new Map<string, readonly [string, string]>();
  const carriersOf = (network: string): readonly [string, string] => {
    const known = carriers.get(network);
    if (known !== undefined) return known;
    const two = [
      `carrier ${below(CARRIERS, random)}`,
      `carrier ${below(CARRIERS, random)}`,
    ] as const;
    carriers.set(network, two);
    return two;
  };
  const ways: Way[] = [];
  for (const server of serverPlaces) {
    for (const monitor of shuffled(monitorPlaces, random).slice(0, watchers)) {
      const prefix = server.networks[0] ?? "";
      const side = random.fraction() < 0.5 ? 0 : 1;
      const hops =
        random.fraction() < WITHOUT_HOPS
          ? []
          : [
              `gateway ${monitor.network}`,
              `${carriersOf(monitor.network)[side]} in`,
              `${carriersOf(prefix)[side]} out`,
              `edge ${prefix}`,
            ];
      ways.push(wayOf({ monitor, server, hops }, random));
    }
  }
  return { monitors: monitorPlaces, servers: serverPlaces, ways };
}

function placeMonitors(count: number, random: Random): readonly MonitorPlace[] {
  return Array.from({ length: count }, (_, number) => {
    const network = below(count / MONITORS_PER_NETWORK, random);
    return {
      id: `m${number}`,
      network: `AS ${network}`,
      account: `a${below(count / MONITORS_PER_ACCOUNT, random)}`,
      // Networks are mostly in one country.
      country: `C${random.fraction() < 0.8 ? network % COUNTRIES : below(COUNTRIES, random)}`,
    };
  });
}

function placeServers(count: number, random: Random): readonly ServerPlace[] {
  const places: ServerPlace[] = [];
  for (let prefix = 0; places.length < count; prefix += 1) {
    const size = 1 + below(SERVERS_PER_PREFIX_MAX, random);
    for (let one = 0; one < size && places.length < count; one += 1) {
      places.push({ id: `s${places.length}`, networks: [`prefix ${prefix}`] });
    }
  }
  return places;
}

/** From a city's width to half around the world, queues from 40 µs to some milliseconds. */
function wayOf(pair: Pair, random: Random): Way {
  const oneWayNs = 2 * MS * Math.exp(random.fraction() * Math.log(50));
  const asymmetry = 0.15 * normal(random);
  return {
    pair,
    outNs: oneWayNs * (1 + asymmetry / 2),
    backNs: oneWayNs * (1 - asymmetry / 2),
    queueNs: 0.4 * MS * Math.exp(0.8 * normal(random)),
    lossShare: 0.003 + exponential(0.008, random),
    phase: random.fraction(),
  };
}

/** A whole number from 0, below the given one. */
export function below(count: number, random: Random): number {
  return Math.floor(random.fraction() * Math.ceil(count));
}

export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random.fraction());
}

/** Standard normal (Box and Muller). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.fraction()));
  return radius * Math.cos(2 * Math.PI * random.fraction());
}

export function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = below(last + 1, random);
    [result[last], result[other]] = [result[other] as Value, result[last] as Value];
  }
  return result;
}

export function oneOf<Value>(values: readonly Value[], random: Random): Value {
  return values[below(values.length, random)] as Value;
}
