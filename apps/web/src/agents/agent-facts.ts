// One agent of the wire as the pages use it: its families, its own clock, its agreement with the others.

import { adminV1 } from "@truechimer/api";
import { msOf, type OffsetNs } from "../api/message.ts";
import { type MonitorStatusName, monitorStatusName } from "../parts/words.ts";

/** The agent in one IP family: one monitor. */
export interface AgentFamily {
  readonly id: bigint;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly status: MonitorStatusName;
  readonly online: boolean;
  readonly serversActive: number;
  readonly serversTesting: number;
}

export interface AgentFacts {
  readonly id: string;
  readonly name: string;
  readonly tlsName: string;
  readonly families: readonly AgentFamily[];
  readonly online: boolean;
  /** "stream", "mqtt"; empty: it holds nothing open. */
  readonly transport: string;
  readonly version: string;
  readonly lastSeenAtMs: number | undefined;
  readonly lastSubmitAtMs: number | undefined;
  readonly certificate: adminV1.AgentCertificate | undefined;
  readonly account: string;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly enrolledAtMs: number | undefined;
  readonly lab: boolean;
  /** The agent's own clock minus the fleet's time. */
  readonly ownClock: OffsetNs | undefined;
  readonly checks: number;
  /** Share of the last hour's checks without an answer. */
  readonly loss: number | undefined;
  readonly judged: number;
  readonly agreed: number;
}

/** Reads an agent of the wire. */
export function agentFacts(agent: adminV1.Agent): AgentFacts {
  const { monitors } = agent;
  const sum = (by: (monitor: adminV1.Monitor) => number): number =>
    monitors.reduce((total, monitor) => total + by(monitor), 0);
  const checks = sum((monitor) => Number(monitor.checksLastHour));
  const unanswered = sum((monitor) => Number(monitor.checksWithoutAnswerLastHour));
  return {
    id: agent.id,
    name: agent.name === "" ? agent.id : agent.name,
    tlsName: agent.tlsName,
    families: monitors
      .map(familyOf)
      .toSorted((one, other) => compareText(one.family, other.family)),
    online: agent.online,
    transport: agent.transport,
    version: agent.clientVersion,
    lastSeenAtMs: msOf(agent.lastSeenAt),
    lastSubmitAtMs: msOf(agent.lastSubmitAt),
    certificate: agent.certificate,
    account: agent.account,
    country: agent.country,
    network: agent.network,
    location: agent.location,
    enrolledAtMs: msOf(agent.enrolledAt),
    lab: agent.lab,
    ownClock: ownClockOf(monitors),
    checks,
    loss: checks === 0 ? undefined : unanswered / checks,
    judged: sum((monitor) => monitor.serversJudged),
    agreed: sum((monitor) => monitor.serversAgreed),
  };
}

function familyOf(monitor: adminV1.Monitor): AgentFamily {
  return {
    id: monitor.id,
    family: monitor.family === adminV1.IpFamily.V6 ? "IPv6" : "IPv4",
    address: monitor.address,
    status: monitorStatusName(monitor.status),
    online: monitor.online,
    serversActive: monitor.serversActive,
    serversTesting: monitor.serversTesting,
  };
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Both families look with the same clock: the one that bounds it more tightly speaks. What the monitor finds its
 * servers ahead by is what its own clock is behind.
 */
export function ownClockOf(monitors: readonly adminV1.Monitor[]): OffsetNs | undefined {
  const known = monitors.flatMap(({ offsetFromFleetNs, offsetFromFleetBoundNs }) =>
    offsetFromFleetNs === undefined
      ? []
      : [{ valueNs: -offsetFromFleetNs, boundNs: offsetFromFleetBoundNs }],
  );
  return known.reduce<OffsetNs | undefined>((best, one) => {
    if (best?.boundNs === undefined)
      return best === undefined || one.boundNs !== undefined ? one : best;
    return one.boundNs !== undefined && one.boundNs < best.boundNs ? one : best;
  }, undefined);
}

/** Removed ones are gone, except for their history. */
export function isStillThere(family: AgentFamily): boolean {
  return family.status !== "deleted";
}
