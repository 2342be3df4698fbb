// Lets a fleet live through incidents while rules watch it: what is judged and reached there goes through the life of alerts
// and the grouping by cause to messages, and each message is held against the incidents that there were.

import {
  type Cause,
  causeOfReach,
  causesOfAlerts,
  type FiringServer,
  GATHER_NS,
  nextPhase,
  type OpenAlert,
  type PlacedAlert,
  toldIncidentsByCause,
} from "@truechimer/alerts";
import { unsafelyDeterministicRandom } from "@truechimer/base";
import {
  type CheckSeen,
  type Fault,
  type Finding,
  isMainFault,
  pairAt,
  type ServerFault,
  serverFaults,
} from "@truechimer/fault";
import {
  VERDICT_POLICY_POOL,
  type VerdictKind,
  verdictOf,
  type Witness,
} from "@truechimer/scoring";
import { createEvidence, type Evidence } from "./evidence.ts";
import { BASELINE, createFleet, type Fleet, INTERVAL_MS, noiseOf, STALE } from "./fleet.ts";
import type { Incident } from "./incident.ts";
import { type IncidentRunOptions, isSeenIn } from "./run-incidents.ts";
import { createTimeLine } from "./time-line.ts";
import { createWorld, type World } from "./world.ts";

/** How patient the rules are. */
export interface AlertRunOptions extends IncidentRunOptions {
  readonly holdsMs: number;
  readonly recoversMs: number;
}

/** What became of one incident. */
export interface IncidentTold {
  readonly incident: Incident;
  readonly isOverlapping: boolean;
  /** Intervals from its beginning until its checks could show it at all (see `Evidence`). Undefined: they never could. */
  readonly visibleAfter: number | undefined;
  /** Intervals from its beginning until it was first seen, and until it was first told. Undefined: it never was. */
  readonly seenAfter: number | undefined;
  readonly toldAfter: number | undefined;
  /** Messages that tell of its beginning. */
  readonly messages: number;
  /** It touched a server that people were being told of when it began. */
  readonly wasKnown: boolean;
  /** A way that has changed for too few pairs to be told of. */
  readonly isLeftOut: boolean;
}

export interface AlertRun {
  readonly told: readonly IncidentTold[];
  readonly messages: number;
  /** Messages that no incident explains. */
  readonly unexplained: number;
  readonly hours: number;
}

/** A fleet is judged this often in the time between two checks of a server. */
const LOOKS_AN_INTERVAL = 3;
/** Later than this after the beginning of an incident once is enough to see what comes of it, as long as nothing is new. */
const YOUNG = 4;

/** As the field `seen_faults` has it: a way that has changed is told where so many pairs show it. */
const SHOWN_MIN = 6;
/** How often the rules look between two judgements: every five seconds, as the control plane. */
const RULE_LOOKS = 4;

interface Rule {
  readonly name: string;
  readonly faultOf: (server: ServerNow) => ServerFault | undefined;
  readonly holds: (server: ServerNow) => boolean;
}

interface ServerNow {
  readonly id: bigint;
  readonly faults: readonly ServerFault[];
  readonly verdict: VerdictKind;
  readonly isUnwatched: boolean;
}

function faultRule(...faults: readonly Fault[]): Rule {
  const isAbout = ({ fault }: ServerFault): boolean => faults.includes(fault);
  return {
    name: faults.join(" "),
    faultOf: (server) => server.faults.find(isAbout),
    holds: (server) => server.faults.some(isAbout),
  };
}

/** Those of docs/how-to/be-told-by-e-mail.md. */
const RULES: readonly Rule[] = [
  faultRule("server", "cannot_tell"),
  faultRule("path"),
  faultRule("monitor"),
  {
    name: "verdict",
    faultOf: ({ faults }) => faults[0],
    holds: ({ verdict }) => verdict === "falseticker" || verdict === "unreachable",
  },
];

interface SimAlert {
  readonly rule: Rule;
  readonly server: bigint;
  open: OpenAlert;
  firedAt: number | undefined;
  incident: SimIncident | undefined;
}

interface SimIncident {
  readonly number: bigint;
  readonly cause: Cause;
  readonly openedAt: number;
  isTold: boolean;
}

export function runAlerts(options: AlertRunOptions): AlertRun {
  const random = unsafelyDeterministicRandom(options.seed);
  const world = createWorld({ ...options, random });
  const noiseNs = world.ways.map((way) => noiseOf(way, random));
  const incidents = createTimeLine({
    world,
    noiseNs,
    incidents: options.incidents,
    quietFor: BASELINE,
    random,
  });
  const evidences = new Map<Incident, Evidence>(
    incidents.map((each) => [each, createEvidence(each, world, noiseNs)]),
  );
  const fleet = createFleet(world, random, (way, at) => {
    for (const [incident, evidence] of evidences) {
      if (at >= incident.from && at < incident.until && incident.ways.has(way))
        evidence.add(way, at);
    }
  });
  const last = Math.max(...incidents.map(({ until }) => until)) + STALE;
  const pairs = world.ways.map(({ pair }) => pair);
  const waysTo = Map.groupBy(world.ways.keys(), (way) => pairAt(pairs, way).server.id);
  const desk = createDesk(options);
  const book = createBook(incidents, world, evidences);
  for (let look = (BASELINE - 3) * LOOKS_AN_INTERVAL; look <= last * LOOKS_AN_INTERVAL; look += 1) {
    const at = look / LOOKS_AN_INTERVAL;
    const isYoung = incidents.some(({ from }) => from <= at && at < from + YOUNG);
    if (!isYoung && !desk.isWaiting() && look % LOOKS_AN_INTERVAL > 0) continue;
    fleet.advanceTo(at, incidents);
    const { views, findings } = fleet.judge(at);
    const hasData = (pair: number): boolean =>
      (views[pair]?.loss.of ?? 0) > 0 || (views[pair]?.rate.of ?? 0) > 0;
    const faults = serverFaults(findings, pairs, hasData);
    const servers = world.servers.map(({ id }): ServerNow => {
      const { verdict, reason } = verdictOf({
        nowNs: instantOf(at),
        witnesses: witnessesOf(id, { world, fleet, waysTo }),
        policy: VERDICT_POLICY_POOL,
      });
      return {
        id: numberOf(id),
        faults: (faults.get(id) ?? []).filter(
          (each) => each.cause !== "path_change" || isMainFault(each) || each.shown >= SHOWN_MIN,
        ),
        verdict,
        isUnwatched: reason === "few_witnesses" || reason === "no_witness",
      };
    });
    book.see(at, findings, desk.told());
    for (let part = 0; part < RULE_LOOKS; part += 1) {
      const lookedAt = at + part / (LOOKS_AN_INTERVAL * RULE_LOOKS);
      for (const told of desk.look(lookedAt, servers)) book.tell(lookedAt, told, findings);
    }
  }
  return {
    told: book.told(),
    messages: book.messages,
    unexplained: book.unexplained,
    hours: ((last - BASELINE) * INTERVAL_MS) / 3_600_000,
  };
}

/** Of "s12": 12. */
function numberOf(server: string): bigint {
  return BigInt(server.slice(1));
}

interface Told {
  readonly cause: Cause;
  readonly alerts: readonly {
    readonly server: bigint;
    readonly fault: ServerFault | undefined;
    readonly rule: string;
  }[];
}

interface Desk {
  /** Servers that people are being told of. */
  told(): ReadonlySet<bigint>;
  /** Something is found that does not yet hold for long enough. */
  isWaiting(): boolean;
  look(at: number, servers: readonly ServerNow[]): readonly Told[];
}

/** Where alerts are kept: as the control plane does it, without a database. */
function createDesk({ holdsMs, recoversMs }: AlertRunOptions): Desk {
  let alerts: SimAlert[] = [];
  let number = 0n;
  const incidents = new Map<string, SimIncident>();
  return {
    told: () =>
      new Set(
        alerts.flatMap(({ incident, server }) => (incident?.isTold === true ? [server] : [])),
      ),
    isWaiting: () => alerts.some(({ open }) => open.phase === "pending"),
    look: (at, servers) => {
      const nowNs = instantOf(at);
      const byId = new Map(servers.map((each) => [each.id, each]));
      const before = new Map(alerts.map((each) => [`${each.rule.name} ${each.server}`, each]));
      alerts = RULES.flatMap((rule) =>
        servers.flatMap((server): SimAlert[] => {
          const known = before.get(`${rule.name} ${server.id}`);
          const truth = rule.holds(server) ? "holds" : server.isUnwatched ? "unknown" : "holds_not";
          const next = nextPhase(known?.open, truth, { nowNs, holdsMs, recoversMs });
          if (next === undefined || next === "ended") return [];
          const firedAt = known?.firedAt ?? (next.phase === "firing" ? at : undefined);
          return [{ rule, server: server.id, open: next, firedAt, incident: known?.incident }];
        }),
      );
      const firing = alerts.filter(({ firedAt }) => firedAt !== undefined);
      for (const [key, incident] of incidents) {
        if (!firing.some((each) => each.incident === incident)) incidents.delete(key);
      }
      const causes = causesNow(firing, byId);
      const joined = toldIncidentsByCause(
        firing.map((each) => ({
          causeKey: causes.get(each)?.key ?? "",
          told: each.incident?.isTold === true ? toldOf(each.incident) : undefined,
        })),
        nowNs,
      );
      for (const alert of firing) {
        if (alert.incident?.isTold === true) continue;
        const cause = causes.get(alert) as Cause;
        const told = joined.get(cause.key);
        const goesOn =
          [...incidents.values()].find((each) => each.number === told) ?? incidents.get(cause.key);
        const incident = goesOn ?? { number: (number += 1n), cause, openedAt: at, isTold: false };
        incidents.set(incident.cause.key, incident);
        alert.incident = incident;
      }
      const ripe = [...incidents.values()].filter(
        ({ isTold, openedAt }) =>
          !isTold && (at - openedAt) * INTERVAL_MS >= Number(GATHER_NS / 1_000_000n),
      );
      return ripe.flatMap((incident): Told[] => {
        const members = firing.filter((each) => each.incident === incident);
        if (members.every(({ open }) => open.phase !== "firing")) return [];
        incident.isTold = true;
        const told = members.map(({ server, rule }) => ({
          server,
          rule: rule.name,
          fault: rule.faultOf(byId.get(server) as ServerNow),
        }));
        return [{ cause: incident.cause, alerts: told }];
      });
    },
  };
}

function toldOf({ number, openedAt }: SimIncident): NonNullable<PlacedAlert["told"]> {
  return { incident: number, openedAtNs: instantOf(openedAt) };
}

function causesNow(
  firing: readonly SimAlert[],
  byId: ReadonlyMap<bigint, ServerNow>,
): ReadonlyMap<SimAlert, Cause> {
  const names = { monitor: (id: string) => id, server: (id: string) => id };
  const now = (alert: SimAlert): ServerNow => byId.get(alert.server) as ServerNow;
  const servers = new Map(
    firing.map((alert): [bigint, FiringServer] => [
      alert.server,
      {
        id: alert.server,
        name: `s${alert.server}`,
        unreachable: now(alert).verdict === "unreachable",
        unwatched: now(alert).isUnwatched,
        falseticker: now(alert).verdict === "falseticker",
        agents: [],
      },
    ]),
  );
  const causes = causesOfAlerts(
    firing.map((alert) => {
      const fault = alert.rule.faultOf(now(alert));
      const wider = fault === undefined ? undefined : causeOfReach(fault.reach, names);
      return { serverId: alert.server, wider };
    }),
    servers,
    { lostAgents: new Set(), serversByNetwork: new Map() },
  );
  return new Map(firing.map((alert, index) => [alert, causes[index] as Cause]));
}

const NS_PER_MS = 1_000_000;

interface Watched {
  readonly world: World;
  readonly fleet: Fleet;
  /** Numbers of the ways by server. */
  readonly waysTo: ReadonlyMap<string, readonly number[]>;
}

function witnessesOf(server: string, { world, fleet, waysTo }: Watched): readonly Witness[] {
  return (waysTo.get(server) ?? []).flatMap((way): Witness[] => {
    const { pair } = world.ways[way] as World["ways"][number];
    const seen = fleet.seen[way] as readonly CheckSeen[];
    const lately = seen.at(-1);
    const good = seen.findLast(({ received, isRateLimited }) => received > 0 && !isRateLimited);
    return [
      {
        monitorId: pair.monitor.id,
        checkedAtNs: lately === undefined ? undefined : nsOf(lately.atMs),
        reason:
          lately === undefined
            ? undefined
            : lately.isRateLimited
              ? "kiss_rate"
              : lately.received === 0
                ? "timeout"
                : undefined,
        leap: lately?.leap,
        answer:
          good === undefined
            ? undefined
            : {
                atNs: nsOf(good.atMs),
                offsetNs: BigInt(Math.round(good.offsetNs)),
                boundNs: BigInt(Math.round(good.delayNs / 2)),
              },
        watchingSinceNs: 0n,
        intervalNs: BigInt(INTERVAL_MS * NS_PER_MS),
      },
    ];
  });
}

/** Of a time in intervals. */
function instantOf(at: number): bigint {
  return nsOf(at * INTERVAL_MS);
}

function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms * NS_PER_MS));
}

interface Book {
  see(at: number, findings: readonly Finding[], told: ReadonlySet<bigint>): void;
  tell(at: number, told: Told, findings: readonly Finding[]): void;
  told(): readonly IncidentTold[];
  messages: number;
  unexplained: number;
}

interface Entry {
  seenAfter: number | undefined;
  toldAfter: number | undefined;
  messages: number;
  wasKnown: boolean;
}

function createBook(
  incidents: readonly Incident[],
  world: World,
  evidences: ReadonlyMap<Incident, Evidence>,
): Book {
  const entries = new Map<Incident, Entry>(
    incidents.map((each) => [
      each,
      { seenAfter: undefined, toldAfter: undefined, messages: 0, wasKnown: false },
    ]),
  );
  const present = (at: number): readonly Incident[] =>
    incidents.filter((each) => each.from < at && each.until > at - STALE);
  const begun = new Set<Incident>();
  const serverOf = (way: number): bigint =>
    numberOf((world.ways[way] as World["ways"][number]).pair.server.id);
  const book: Book = {
    messages: 0,
    unexplained: 0,
    see: (at, findings, toldServers) => {
      for (const incident of present(at)) {
        const entry = entries.get(incident) as Entry;
        if (!begun.has(incident)) {
          begun.add(incident);
          entry.wasKnown = [...incident.ways].some((way) => toldServers.has(serverOf(way)));
        }
        if (entry.seenAfter !== undefined) continue;
        if (findings.some((each) => isSeenIn(incident, each, each.scope.pairs)))
          entry.seenAfter = at - incident.from;
      }
    },
    tell: (at, told, findings) => {
      book.messages += 1;
      const faults = told.alerts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
      const about = findings.filter((finding) =>
        faults.some(
          ({ reach, cause }) =>
            cause === finding.cause &&
            reach.kind === finding.scope.kind &&
            reach.from === finding.scope.from &&
            reach.to === finding.scope.to,
        ),
      );
      const near = present(at)
        .map((incident) => ({
          incident,
          near: Math.max(
            0,
            ...about
              .filter((finding) => isSeenIn(incident, finding, finding.scope.pairs))
              .map(({ scope }) => {
                const both = scope.pairs.filter((pair) => incident.ways.has(pair)).length;
                return both / (scope.pairs.length + incident.ways.size - both);
              }),
          ),
        }))
        .filter((each) => each.near > 0)
        .toSorted((a, b) => b.near - a.near);
      const [best] = near;
      if (best === undefined) {
        book.unexplained += 1;
        return;
      }
      const entry = entries.get(best.incident) as Entry;
      entry.messages += 1;
      entry.toldAfter ??= at - best.incident.from;
    },
    told: () =>
      incidents.map((incident) => ({
        incident,
        isOverlapping: incidents.some(
          (other) =>
            other !== incident && other.from < incident.until && incident.from < other.until,
        ),
        visibleAfter: evidences.get(incident)?.visibleAfter,
        isLeftOut: incident.kind === "path change" && incident.ways.size < SHOWN_MIN,
        ...(entries.get(incident) as Entry),
      })),
  };
  return book;
}
