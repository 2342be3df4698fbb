// The faults of a fleet now: who watches whom, what each saw, and the judgement, a step at a time, so that nobody else
// waits long.

import { setImmediate } from "node:timers/promises";
import {
  type CheckSeen,
  type FaultQuestion,
  type Finding,
  faultChannels,
  findingsIn,
  freshWindow,
  mergeFindings,
  type Pair,
  type PairView,
  type ServerFault,
  scopesOf,
  serverFaults,
  standingViews,
  type ViewWindow,
  viewPairs,
  withFresh,
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

export async function judgeFleet(
  { pairs, checks, window }: FleetSeen,
  signal?: AbortSignal,
): Promise<FleetFaults> {
  const scopes = scopesOf(pairs);
  const findingsOf = async (question: FaultQuestion): Promise<readonly Finding[]> => {
    const found: Finding[] = [];
    for (const channel of faultChannels(question)) {
      found.push(...findingsIn(channel, question, scopes));
      await setImmediate(undefined, signal === undefined ? {} : { signal });
    }
    return mergeFindings(found);
  };
  const views = viewPairs(checks, window);
  const changed = await findingsOf({ pairs, views });
  const fresh = await findingsOf({ pairs, views: viewPairs(checks, freshWindow(window)) });
  const standing = await findingsOf({
    pairs,
    views: standingViews(checks, window),
    isStanding: true,
  });
  const findings = withStanding(withFresh(changed, fresh), standing);
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
