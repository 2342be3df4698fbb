// The lab that the fake pretends to watch: twelve servers with known faults, twelve vantage points with known delays.
// Everything follows from the time and these tables, so that two readings of the same instant agree.

export interface FakeServer {
  readonly id: bigint;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Server's clock minus true time, at an instant. */
  readonly offsetNs: (atMs: number) => number;
  readonly stratum: number;
  readonly referenceId: string;
  readonly leap: number;
  /** Share of samples that are lost. */
  readonly loss: number;
  /** Every answer fails with it. */
  readonly reason?: string;
  /** It answers in interleaved mode, too. */
  readonly interleaved?: boolean;
}

export interface FakeMonitor {
  readonly id: bigint;
  readonly name: string;
  readonly address: string;
  readonly location: string;
  /** Round trip. */
  readonly delayNs: number;
  /** What the path's asymmetry adds to every offset. */
  readonly skewNs: number;
  /** When it was away, as ages. */
  readonly away: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** Between two checks of one server by one monitor. */
export const INTERVAL_MS = 60_000;
/** Before it the fake knows nothing. */
export const HORIZON_AGE_MS = 36 * 3_600_000;
const HOUR_MS = 3_600_000;
const MS = 1e6;

type ServerFault = Partial<Omit<FakeServer, "id" | "name" | "address" | "port">>;

const FAULTS: readonly (readonly [name: string, fault: ServerFault])[] = [
  ["truth1.lab", { interleaved: true, stratum: 1, referenceId: "GPS", offsetNs: () => 900 }],
  [
    "truth2.lab",
    { referenceId: "127.0.0.1", offsetNs: (at) => 140_000 + 60_000 * Math.sin(at / 4e6) },
  ],
  [
    "truth3.lab",
    { referenceId: "127.0.0.1", offsetNs: (at) => -380_000 + 90_000 * Math.sin(at / 7e6) },
  ],
  ["fast40.lab", { referenceId: "127.0.0.1", offsetNs: () => 40 * MS }],
  ["ahead2s.lab", { stratum: 1, referenceId: "PPS", offsetNs: () => 2_000 * MS }],
  ["drift.lab", { referenceId: "127.0.0.1", offsetNs: drift }],
  ["lossy.lab", { referenceId: "198.51.100.7", loss: 0.2, offsetNs: () => -1.1 * MS }],
  ["silent.lab", { loss: 1 }],
  ["rate.lab", { stratum: 0, referenceId: "RATE", reason: "kiss_rate" }],
  [
    "stratum16.lab",
    { stratum: 16, referenceId: "INIT", reason: "bad_stratum", offsetNs: () => 3.4 * MS },
  ],
  [
    "leap3.lab",
    { leap: 3, referenceId: "127.0.0.1", reason: "not_synchronised", offsetNs: () => -220 * MS },
  ],
  ["wrong-origin.lab", { reason: "origin_mismatch" }],
];

/** Gains 5 ms an hour and is set right again every eighteen hours. */
function drift(atMs: number): number {
  return ((atMs / HOUR_MS) % 18) * 5 * MS - 20 * MS;
}

/** The lab's servers; beyond twelve, as many more correct ones as are wanted, every fiftieth of them wrong. */
export function fakeServers(count: number): readonly FakeServer[] {
  return Array.from({ length: count }, (_unused, index): FakeServer => {
    const [name, fault] = FAULTS[index] ?? [`ntp${index + 1}.example.net`, manyFault(index)];
    return {
      id: BigInt(index + 1),
      name,
      address: index < FAULTS.length ? "127.0.0.1" : `192.0.2.${index % 250}`,
      port: index < FAULTS.length ? 11_230 + index : 123,
      offsetNs: () => 0,
      stratum: 2,
      referenceId: "",
      leap: 0,
      loss: 0,
      ...fault,
    };
  });
}

const TWIN_IDS_FROM = 100_001n;

/** IPv6 addresses of the lab's names: one as good, one that is apart, one that loses, one that never answers. */
export function ipv6Twins(): readonly FakeServer[] {
  const faults: readonly (readonly [name: string, fault: ServerFault])[] = [
    ["truth1.lab", {}],
    ["truth2.lab", { offsetNs: () => 3.2 * MS }],
    ["truth3.lab", { loss: 0.5 }],
    ["fast40.lab", { offsetNs: () => -6 * MS }],
    ["lossy.lab", { loss: 0 }],
    ["drift.lab", { loss: 1 }],
  ];
  const lab = fakeServers(FAULTS.length);
  return faults.flatMap(([name, fault], index) =>
    lab
      .filter((server) => server.name === name)
      .map((server) => ({
        ...server,
        ...fault,
        id: TWIN_IDS_FROM + BigInt(index),
        address: `2001:db8:1ab::${index + 1}`,
      })),
  );
}

function manyFault(index: number): ServerFault {
  const spread = (noise(index, 1) + noise(index, 2) + noise(index, 3)) * 1.2 * MS;
  const wrong = index % 50 === 0 ? 80 * MS * (noise(index, 4) < 0 ? -1 : 4) : 0;
  return { offsetNs: () => spread + wrong, referenceId: "192.0.2.1" };
}

const PLACES: readonly (readonly [
  name: string,
  location: string,
  delayMs: number,
  skewMs: number,
])[] = [
  ["amsterdam", "Amsterdam, NL", 0.21, 0.002],
  ["chicago", "Chicago, US", 9.2, -0.06],
  ["frankfurt", "Frankfurt, DE", 0.44, 0.005],
  ["johannesburg", "Johannesburg, ZA", 15.8, 0.22],
  ["london", "London, GB", 0.82, -0.008],
  ["mumbai", "Mumbai, IN", 11.8, 0.13],
  ["nairobi", "Nairobi, KE", 14.1, -0.17],
  ["oslo", "Oslo, NO", 1.9, 0.011],
  ["santiago", "Santiago, CL", 18.7, -0.24],
  ["sydney", "Sydney, AU", 24.6, 0.31],
  ["tokyo", "Tokyo, JP", 21.2, 0.09],
  ["zurich", "Zürich, CH", 0.042, 0.0004],
];

/** The lab's vantage points; Nairobi had an outage, Santiago is away now. */
export function fakeMonitors(): readonly FakeMonitor[] {
  return PLACES.map(([name, location, delayMs, skewMs], index) => ({
    id: BigInt(index + 1),
    name,
    location,
    address: `127.0.1.${index + 1}`,
    delayNs: delayMs * MS,
    skewNs: skewMs * MS,
    away:
      name === "nairobi"
        ? [{ fromMs: 9 * HOUR_MS, toMs: 6.5 * HOUR_MS }]
        : name === "santiago"
          ? [{ fromMs: 0.4 * HOUR_MS, toMs: -1 }]
          : [],
  }));
}

/** A number in −1 to 1 that always comes out the same for the same arguments. */
export function noise(...seeds: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const seed of seeds) {
    hash = Math.imul(hash ^ (seed | 0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
  }
  return ((hash >>> 0) / 0xffffffff) * 2 - 1;
}
