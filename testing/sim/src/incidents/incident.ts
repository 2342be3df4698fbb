// Incidents of known cause, and whose fault each is.

import type { Random } from "@truechimer/base";
import type { ChannelName, Fault } from "@truechimer/fault";
import type { Disturbance } from "./disturbance.ts";
import { below, oneOf, type World } from "./world.ts";

export const INCIDENT_KINDS = [
  "clock step",
  "drift",
  "overload",
  "one-way loss",
  "path change",
  "prefix outage",
  "monitor clock",
  "rate limiting",
  "leap error",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface Incident {
  readonly kind: IncidentKind;
  readonly fault: Fault;
  /** Numbers of the ways that it touches. */
  readonly ways: ReadonlySet<number>;
  /** In what it shows. */
  readonly channels: ReadonlySet<ChannelName>;
  /** In intervals. */
  readonly from: number;
  readonly until: number;
  /** When it is asked whose fault it is. */
  readonly askedAt: number;
  /** Size in standard deviations of one check; 0: it has none. */
  readonly sigmas: number;
  /** Adds to what happens to a check at this time. */
  readonly disturb: (what: Disturbance, at: number) => void;
}

export interface IncidentOptions {
  readonly world: World;
  /** Standard deviation of the offsets of one way's checks, nanoseconds; by number of the way. */
  readonly noiseNs: readonly number[];
  readonly kind: IncidentKind;
  readonly from: number;
  readonly until: number;
  readonly askedAt: number;
  /** Touches this server, or this monitor, if its kind can. */
  readonly near: { readonly server?: string; readonly monitor?: string } | undefined;
  readonly random: Random;
}

const SIGMAS = { least: 2, most: 20 };
const MONITOR_OFF_NS = 15e6;
const SECOND_NS = 1e9;
/** What a check of three loses of nine requests by chance at two in a hundred has a deviation of 0.047. */
const LOSS = { least: 0.1, most: 0.9 };

interface Touched {
  readonly ways: ReadonlySet<number>;
  readonly fault: Fault;
}

export function createIncident(options: IncidentOptions): Incident | undefined {
  const { kind, from, until, askedAt, random, noiseNs } = options;
  const touched = REACH[kind](options);
  if (touched === undefined || touched.ways.size === 0) return undefined;
  const noises = [...touched.ways].map((way) => noiseNs[way] ?? 0).toSorted((a, b) => a - b);
  const noise = noises[noises.length >> 1] as number;
  const sigmas = logUniform(SIGMAS.least, SIGMAS.most, random);
  const effect = EFFECT[kind]({ size: sigmas * noise, from, askedAt, random });
  return {
    kind,
    ...touched,
    channels: new Set(effect.shows ?? SHOWS[kind]),
    from,
    until,
    askedAt,
    sigmas: HAS_SIZE.has(kind) ? sigmas : 0,
    disturb: effect.disturb,
  };
}

const HAS_SIZE: ReadonlySet<IncidentKind> = new Set([
  "clock step",
  "drift",
  "overload",
  "path change",
]);

const SHOWS: Readonly<Record<IncidentKind, readonly ChannelName[]>> = {
  "clock step": ["offset"],
  drift: ["offset"],
  overload: ["loss", "delay", "offset"],
  "one-way loss": ["loss"],
  "path change": ["delay", "offset"],
  "prefix outage": ["loss"],
  "monitor clock": ["offset"],
  "rate limiting": ["rate", "loss"],
  "leap error": ["leap", "offset"],
};

type Reach = (options: IncidentOptions) => Touched | undefined;

const REACH: Readonly<Record<IncidentKind, Reach>> = {
  "clock step": reachServer,
  drift: reachServer,
  overload: reachServer,
  "leap error": reachServer,
  "one-way loss": reachPart,
  "path change": reachPart,
  "prefix outage": reachPrefix,
  "monitor clock": reachMonitor,
  "rate limiting": (options) =>
    options.random.fraction() < 0.75 ? reachServer(options) : reachNetworkAtServer(options),
};

function waysWhere(
  { world }: IncidentOptions,
  wanted: (way: World["ways"][number]) => boolean,
): ReadonlySet<number> {
  return new Set(world.ways.flatMap((way, number) => (wanted(way) ? [number] : [])));
}

function someServer({ world, near, random }: IncidentOptions): string {
  if (near?.server !== undefined) return near.server;
  const ways = world.ways.filter(
    ({ pair }) => near === undefined || pair.monitor.id === near.monitor,
  );
  return oneOf(ways, random).pair.server.id;
}

function reachServer(options: IncidentOptions): Touched {
  const server = someServer(options);
  return { ways: waysWhere(options, ({ pair }) => pair.server.id === server), fault: "server" };
}

/** The servers of a prefix with two or more of them, from everywhere. */
function reachPrefix(options: IncidentOptions): Touched | undefined {
  const { world, random } = options;
  const near = world.servers.find(({ id }) => id === someServer(options));
  const sizes = Map.groupBy(world.servers, ({ networks }) => networks[0] ?? "");
  const prefixes = [...sizes]
    .filter(([, servers]) => servers.length >= 2)
    .map(([prefix]) => prefix);
  const own = near?.networks[0] ?? "";
  const prefix =
    options.near !== undefined && prefixes.includes(own) ? own : oneOf(prefixes, random);
  return {
    ways: waysWhere(options, ({ pair }) => pair.server.networks[0] === prefix),
    fault: "path",
  };
}

/** One monitor, or all of an account. */
function reachMonitor(options: IncidentOptions): Touched {
  const { near, random, world } = options;
  const candidates = world.ways.filter(
    ({ pair }) =>
      near === undefined || pair.monitor.id === near.monitor || pair.server.id === near.server,
  );
  const { monitor } = oneOf(candidates, random).pair;
  const isAccount = random.fraction() < 0.3;
  const ways = waysWhere(options, ({ pair }) =>
    isAccount ? pair.monitor.account === monitor.account : pair.monitor.id === monitor.id,
  );
  return { ways, fault: "monitor" };
}

/** From one network, or through one carrier, to a server, to a prefix, or to all. */
function reachPart(options: IncidentOptions): Touched | undefined {
  const { random, world } = options;
  const server = someServer(options);
  const through = oneOf(
    world.ways.filter(({ pair }) => pair.server.id === server),
    random,
  ).pair;
  const prefix = through.server.networks[0];
  const carrier = through.hops.find((hop) => hop.startsWith("carrier"));
  const isCarrier = carrier !== undefined && random.fraction() < 0.5;
  const reach = random.fraction();
  const ways = waysWhere(options, ({ pair }) => {
    const isFrom = isCarrier
      ? pair.hops.includes(carrier)
      : pair.monitor.network === through.monitor.network;
    if (!isFrom) return false;
    if (isCarrier || reach < 0.6) return pair.server.networks[0] === prefix;
    return reach < 0.85 ? pair.server.id === server : true;
  });
  const monitors = new Set([...ways].map((way) => world.ways[way]?.pair.monitor.id));
  // Of a network with a single monitor nothing tells the network from the monitor.
  if (!isCarrier && reach >= 0.85 && monitors.size < 2) return undefined;
  return { ways, fault: "path" };
}

/** A server counts the requests of a whole network as one's. */
function reachNetworkAtServer(options: IncidentOptions): Touched {
  const { random, world } = options;
  const server = someServer(options);
  const { network } = oneOf(
    world.ways.filter(({ pair }) => pair.server.id === server),
    random,
  ).pair.monitor;
  return {
    ways: waysWhere(
      options,
      ({ pair }) => pair.server.id === server && pair.monitor.network === network,
    ),
    fault: "monitor",
  };
}

interface EffectOptions {
  readonly size: number;
  readonly from: number;
  readonly askedAt: number;
  readonly random: Random;
}

interface WhatHappens {
  readonly disturb: Incident["disturb"];
  /** Absent: as its kind. */
  readonly shows?: readonly ChannelName[];
}

type Effect = (options: EffectOptions) => WhatHappens;

const EFFECT: Readonly<Record<IncidentKind, Effect>> = {
  "clock step": ({ size, random }) => {
    const by = size * sign(random);
    return does((what) => {
      what.serverNs += by;
    });
  },
  // Grows evenly, to its size when it is asked for.
  drift: ({ size, from, askedAt, random }) => {
    const perInterval = (size * sign(random)) / (askedAt - from);
    return does((what, at) => {
      what.serverNs += perInterval * (at - from);
    });
  },
  overload: ({ size, random }) => {
    const lossShare = logUniform(LOSS.least, 0.6, random);
    return does((what) => {
      what.serverQueueNs += size;
      what.lossShare = both(what.lossShare, lossShare);
    });
  },
  "one-way loss": ({ random }) => lossOf(logUniform(LOSS.least, LOSS.most, random)),
  // One leg grows so much more than the other that the offset moves by the size.
  "path change": ({ size, random }) => {
    const longer = 2 * size + size * random.fraction();
    const shorter = longer - 2 * size;
    const isOut = random.fraction() < 0.5;
    return does((what) => {
      what.outNs += isOut ? longer : shorter;
      what.backNs += isOut ? shorter : longer;
    });
  },
  "prefix outage": ({ random }) =>
    lossOf(random.fraction() < 0.7 ? 1 : 0.6 + 0.35 * random.fraction()),
  "monitor clock": ({ random }) => {
    const by = MONITOR_OFF_NS * sign(random);
    return does((what) => {
      what.monitorNs += by;
    });
  },
  "rate limiting": ({ random }) => {
    const kissShare = 0.3 + 0.6 * random.fraction();
    const dropShare = 0.3 + 0.7 * random.fraction();
    return does((what) => {
      what.kissShare = kissShare;
      what.dropShare = dropShare;
    });
  },
  "leap error": ({ random }) => {
    if (random.fraction() < 0.5) {
      const leap = 1 + below(2, random);
      return does(
        (what) => {
          what.leap = leap;
        },
        ["leap"],
      );
    }
    const by = SECOND_NS * sign(random);
    return does(
      (what) => {
        what.serverNs += by;
      },
      ["offset"],
    );
  },
};

function does(disturb: Incident["disturb"], shows?: readonly ChannelName[]): WhatHappens {
  return shows === undefined ? { disturb } : { disturb, shows };
}

function lossOf(share: number): WhatHappens {
  return does((what) => {
    what.lossShare = both(what.lossShare, share);
  });
}

function both(one: number, other: number): number {
  return 1 - (1 - one) * (1 - other);
}

function sign(random: Random): number {
  return random.fraction() < 0.5 ? -1 : 1;
}

/** As many between 2 and 4 as between 4 and 8. */
function logUniform(least: number, most: number, random: Random): number {
  return least * (most / least) ** random.fraction();
}
