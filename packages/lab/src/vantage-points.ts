// Where the lab's monitors pretend to stand. They share this host, so each probes from a loopback address of its own,
// and the lab's servers delay requests and answers by the path that belongs to the source address.
//
// All simulated servers stand in Frankfurt. A round trip bounds what a monitor can know (offset ± half of it), so at
// least eleven of the paths are short enough (under 30 ms both ways) to see that a clock 40 ms off is beyond 25 ms.

import type { IpFamily } from "@truechimer/base";

/** A simulated place to watch from. */
export interface VantagePoint {
  /** Host name of the simulated agent. */
  readonly name: string;
  /** City and country, marked as simulated. */
  readonly location: string;
  readonly family: IpFamily;
  /** The monitor's address, which is its identity; also the source of its probes where the host allows it. */
  readonly address: string;
  /** What to bind probes to. Absent: this host refuses the address, and every monitor shares 127.0.0.1. */
  readonly localAddress: string | undefined;
  /** One way, from the monitor to the servers. */
  readonly forwardDelayMs: number;
  /** One way, from the servers to the monitor. Differs from `forwardDelayMs` on an asymmetric path. */
  readonly returnDelayMs: number;
  /** Mean of the queueing delay added to each direction of each packet. */
  readonly jitterMs: number;
}

type City = readonly [name: string, country: string, forwardMs: number, returnMs: number];

const CITIES: readonly City[] = [
  ["Frankfurt", "Germany", 0.4, 0.4],
  ["Zurich", "Switzerland", 2.9, 2.9],
  ["Amsterdam", "Netherlands", 3.3, 3.3],
  ["Prague", "Czechia", 4.1, 4.1],
  ["Paris", "France", 4.7, 4.7],
  ["Milan", "Italy", 5.2, 5.2],
  ["Vienna", "Austria", 5.9, 5.9],
  ["London", "United Kingdom", 6.6, 6.6],
  ["Copenhagen", "Denmark", 7.2, 7.2],
  // Asymmetric by 4 ms: this monitor sees every clock 2 ms ahead, and its bound says that it may.
  ["Madrid", "Spain", 14, 10],
  // The one path too long to tell a clock 40 ms off from one within 25 ms.
  ["Lisbon", "Portugal", 19, 19],
  ["Stockholm", "Sweden", 10.4, 10.4],
];

const JITTER_MS_MEAN = 0.03;

/** The last vantage point asks over IPv6 where the host has it, for the lab's IPv6 server. */
const IPV6_LOOPBACK = "::1";

/** What the host allows. */
export interface VantagePointOptions {
  /** Whether `::1` can be bound. */
  readonly ipv6Available: boolean;
  /** Whether 127.0.1.1 and its neighbours can be bound, as on Linux. */
  readonly sourceAddressesAvailable: boolean;
}

/** How many there are, whatever the host allows. */
export const VANTAGE_POINTS_COUNT: number = CITIES.length;

/** Twelve of them, the same each time. */
export function vantagePoints(options: VantagePointOptions): readonly VantagePoint[] {
  return CITIES.map((city, index) => {
    const [name, country, forwardDelayMs, returnDelayMs] = city;
    const overIpv6 = options.ipv6Available && index === CITIES.length - 1;
    const address = overIpv6 ? IPV6_LOOPBACK : `127.0.1.${index + 1}`;
    return {
      name: `${name.toLowerCase()}.lab`,
      location: `${name}, ${country} (simulated)`,
      family: overIpv6 ? "v6" : "v4",
      address,
      localAddress: overIpv6 || options.sourceAddressesAvailable ? address : undefined,
      forwardDelayMs,
      returnDelayMs,
      jitterMs: JITTER_MS_MEAN,
    };
  });
}
