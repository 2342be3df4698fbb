// The faults of a piece of the fleet now: who watches whom, what each saw, and the judgement. Pure, and for 12,000 pairs
// some tenths of a second long: it has a thread of its own.

import {
  type CheckSeen,
  judgeChanges,
  judgeFaults,
  type Pair,
  type PairView,
  type ServerFault,
  scopesOf,
  serverFaults,
  standingViews,
  type ViewWindow,
  withStanding,
} from "@truechimer/fault";

export interface FleetFaults {
  /** By id of the server; servers without a fault are not in it. */
  readonly servers: ReadonlyMap<string, readonly ServerFault[]>;
  /** What is wrong with a monitor itself, as seen at one of its servers; by id of the monitor. */
  readonly monitors: ReadonlyMap<string, ServerFault>;
}

export interface FleetSeen {
  readonly pairs: readonly Pair[];
  /** Of each pair, in the order of time. */
  readonly checks: readonly (readonly CheckSeen[])[];
  readonly window: ViewWindow;
}

export function judgeFleet({ pairs, checks, window }: FleetSeen): FleetFaults {
  const scopes = scopesOf(pairs);
  const { views, findings: changed } = judgeChanges({ pairs, checks, window }, scopes);
  const standing = judgeFaults(
    { pairs, views: standingViews(checks, window), isStanding: true },
    scopes,
  );
  const findings = withStanding(changed, standing);
  const servers = serverFaults(findings, pairs, (pair) => hasData(views[pair]));
  return { servers, monitors: monitorFaults(servers) };
}

function hasData(view: PairView | undefined): boolean {
  return (view?.loss.of ?? 0) > 0 || (view?.rate.of ?? 0) > 0;
}

/** What reaches all that a monitor sees; of an account or a network, of all its monitors. */
function monitorFaults(
  servers: ReadonlyMap<string, readonly ServerFault[]>,
): ReadonlyMap<string, ServerFault> {
  const found = new Map<string, ServerFault>();
  for (const fault of [...servers.values()].flat()) {
    const isOwn = fault.reach.kind !== "pair" && fault.reach.kind !== "part";
    if (fault.fault !== "monitor" || !isOwn) continue;
    for (const { monitor, sees } of fault.witnesses) {
      const isStronger = fault.shown > (found.get(monitor)?.shown ?? 0);
      if (sees && isStronger) found.set(monitor, fault);
    }
  }
  return found;
}
