// Which monitors have just begun to see trouble that a path may have made. Pure.

import type { FaultCause, ServerFault } from "@truechimer/fault";
import type { Onset } from "./trace-onsets.ts";

/** What a router on the way can do. A clock that has stepped has no path. */
const CAUSES_OF_THE_WAY: ReadonlySet<FaultCause> = new Set([
  "loss",
  "outage",
  "overload",
  "path_change",
]);

/** What of a fault is looked at. */
export type SeenFault = Pick<ServerFault, "cause" | "reach"> & {
  readonly witnesses: readonly Pick<
    ServerFault["witnesses"][number],
    "monitor" | "network" | "sees"
  >[];
};

/** Undefined: nobody sees what he did not see before. */
export function onsetOf(
  serverId: string,
  before: readonly SeenFault[],
  now: readonly SeenFault[],
): Onset | undefined {
  const known = new Set(seersOf(before));
  for (const fault of now.filter(isOfTheWay)) {
    const seeing = seersOf([fault]).filter((monitor) => !known.has(monitor));
    if (seeing.length === 0) continue;
    const { kind, from } = fault.reach;
    return { serverId, cause: `${kind} ${from}`, seeing, well: wellOf(now, fault) };
  }
  return undefined;
}

function isOfTheWay({ cause }: SeenFault): boolean {
  return CAUSES_OF_THE_WAY.has(cause);
}

function seersOf(faults: readonly SeenFault[]): readonly string[] {
  return faults
    .filter(isOfTheWay)
    .flatMap(({ witnesses }) => witnesses.filter(({ sees }) => sees))
    .map(({ monitor }) => monitor);
}

/** Those of networks where nobody sees it first. */
function wellOf(now: readonly SeenFault[], { witnesses }: SeenFault): readonly string[] {
  const seers = new Set(seersOf(now));
  const networks = new Set(
    witnesses.filter(({ monitor }) => seers.has(monitor)).map(({ network }) => network),
  );
  return witnesses
    .filter(({ monitor }) => !seers.has(monitor))
    .toSorted((a, b) => Number(networks.has(a.network)) - Number(networks.has(b.network)))
    .map(({ monitor }) => monitor);
}
