// Who is asked to look at a server now. Pure: the candidates are those that are there.

import type { Random } from "@truechimer/base";
import type {
  AssignmentStatusName,
  OnDemandKindName,
  OnDemandTransportName,
} from "@truechimer/database";
import { answersNtpRequests } from "./mqtt-agent-version.ts";

/** A live monitor of the right family with a session. */
export interface MonitorCandidate {
  readonly id: bigint;
  readonly transport: OnDemandTransportName;
  /** What its program says of its version; for the broker the member `Version.Version` of its status. */
  readonly version: string;
  /** How it watches the server. Absent: it does not. */
  readonly assignment: AssignmentStatusName | undefined;
}

export interface Choice {
  readonly kind: OnDemandKindName;
  readonly port: number;
  readonly max: number;
  /** Whether there is a broker that we can send to. */
  readonly brokerUsed: boolean;
}

export interface ChosenMonitor {
  readonly id: bigint;
  readonly transport: OnDemandTransportName;
}

const NTP_PORT = 123;
const RANKS: Readonly<Record<AssignmentStatusName, number>> = {
  active: 0,
  testing: 1,
  candidate: 2,
  paused: 3,
};
const RANK_OF_STRANGERS = 4;

/**
 * At most `max`, each once: those whose word on the server counts before those that do not watch it, and by chance among
 * equals, so that it is not always the same ones that are asked. A stream goes before the broker.
 */
export function chooseMonitors(
  candidates: readonly MonitorCandidate[],
  choice: Choice,
  random: Random,
): readonly ChosenMonitor[] {
  const able = new Map<bigint, MonitorCandidate>();
  for (const candidate of candidates) {
    if (!isAble(candidate, choice)) continue;
    if (able.has(candidate.id) && candidate.transport === "mqtt") continue;
    able.set(candidate.id, candidate);
  }
  return [...able.values()]
    .map((candidate) => ({ candidate, rank: rankOf(candidate), draw: random.fraction() }))
    .toSorted((one, other) => one.rank - other.rank || one.draw - other.draw)
    .slice(0, choice.max)
    .map(({ candidate: { id, transport } }) => ({ id, transport }));
}

/** The NTP Pool's requests name an address alone, and ask for a check alone. */
function isAble({ transport, version }: MonitorCandidate, choice: Choice): boolean {
  if (transport === "stream") return true;
  const { kind, port, brokerUsed } = choice;
  return brokerUsed && kind === "ntp" && port === NTP_PORT && answersNtpRequests(version);
}

function rankOf({ assignment }: MonitorCandidate): number {
  return assignment === undefined ? RANK_OF_STRANGERS : RANKS[assignment];
}
