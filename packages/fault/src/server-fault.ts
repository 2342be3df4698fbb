// What the findings say of one server: whose fault it is that it looks bad, who sees it, who does not, and what the two
// have in common.

import type { Fault, FaultCause } from "./fault.ts";
import type { Finding, Symptom } from "./judge-faults.ts";
import { type Pair, pairAt, type ScopeKind } from "./scope.ts";

/** What can be common to two monitors of a server. */
const SHARED = ["network", "account", "country", "hop"] as const;
/** One of them. */
export type Shared = (typeof SHARED)[number];

/** A monitor with data on the server in these minutes. */
export interface FaultWitness {
  readonly monitor: string;
  readonly network: string;
  /** Whether what it sees shows the fault. */
  readonly sees: boolean;
  /** What it has in common with another monitor that sees it. */
  readonly shares: readonly Shared[];
}

/** One thing that is wrong as seen at one server. */
export interface ServerFault {
  readonly fault: Fault;
  readonly cause: FaultCause;
  /** How far the cause reaches, and what it is: see `Scope`. */
  readonly reach: { readonly kind: ScopeKind; readonly from: string; readonly to: string };
  readonly symptoms: readonly Symptom[];
  /** Those that see it first, then by network and id. */
  readonly witnesses: readonly FaultWitness[];
  /** Of all pairs that it reaches, at this server and at others, how many show it, of how many with data. */
  readonly shown: number;
  readonly reached: number;
  /** Of the other servers of the monitors that see it, how many show nothing of it, of how many with data. */
  readonly othersWell: number;
  readonly others: number;
}

/** A server's fault is what at least this share of its witnesses see; less is their own affair. */
const MAIN_SHARE = 1 / 3;
/** Things that are wrong with one server at one time, at most that many are told. */
const FAULTS_MAX = 8;

/** The faults of each server that has any, what most of its witnesses see first. */
export function serverFaults(
  findings: readonly Finding[],
  pairs: readonly Pair[],
  hasData: (pair: number) => boolean,
): ReadonlyMap<string, readonly ServerFault[]> {
  const byServer = groupedPairs(pairs, ({ server }) => server.id);
  const byMonitor = groupedPairs(pairs, ({ monitor }) => monitor.id);
  const faults = new Map<string, ServerFault[]>();
  for (const finding of findings) {
    const shown = new Set(finding.shownBy);
    const servers = new Set(finding.shownBy.map((pair) => pairAt(pairs, pair).server.id));
    for (const server of servers) {
      const own = (byServer.get(server) as readonly number[]).filter(
        (pair) => hasData(pair) || shown.has(pair),
      );
      const witnesses = witnessesOf(own, shown, pairs);
      const elsewhere = own
        .filter((pair) => shown.has(pair))
        .flatMap((pair) => byMonitor.get(pairAt(pairs, pair).monitor.id) as readonly number[])
        .filter((pair) => pairAt(pairs, pair).server.id !== server && hasData(pair));
      const list = faults.get(server) ?? [];
      faults.set(server, list);
      list.push({
        fault: finding.fault,
        cause: finding.cause,
        reach: { kind: finding.scope.kind, from: finding.scope.from, to: finding.scope.to },
        symptoms: finding.symptoms,
        witnesses,
        shown: finding.shownBy.length,
        reached: finding.shownBy.length + finding.notShownBy.length,
        othersWell: elsewhere.filter((pair) => !shown.has(pair)).length,
        others: elsewhere.length,
      });
    }
  }
  return new Map(
    [...faults].map(([server, list]) => [
      server,
      list.toSorted((a, b) => seeing(b) - seeing(a)).slice(0, FAULTS_MAX),
    ]),
  );
}

/** Whether it is why the server looks bad, and not only to a few of those who watch it. */
export function isMainFault({ witnesses }: ServerFault): boolean {
  return witnesses.filter(({ sees }) => sees).length >= witnesses.length * MAIN_SHARE;
}

/** How many witnesses see it. */
function seeing({ witnesses }: ServerFault): number {
  return witnesses.filter(({ sees }) => sees).length;
}

function witnessesOf(
  own: readonly number[],
  shown: ReadonlySet<number>,
  pairs: readonly Pair[],
): readonly FaultWitness[] {
  const of = (pair: number): Pair => pairAt(pairs, pair);
  const seers = own.filter((pair) => shown.has(pair));
  const witnesses = own.map((pair): FaultWitness => {
    const { monitor } = of(pair);
    const others = seers.filter((seer) => seer !== pair).map(of);
    const shares = SHARED.filter((what) => others.some((other) => isShared(what, of(pair), other)));
    return { monitor: monitor.id, network: monitor.network, sees: shown.has(pair), shares };
  });
  return witnesses.toSorted(
    (a, b) =>
      Number(b.sees) - Number(a.sees) ||
      a.network.localeCompare(b.network) ||
      a.monitor.localeCompare(b.monitor),
  );
}

function isShared(what: Shared, one: Pair, other: Pair): boolean {
  if (what === "hop") return one.hops.some((hop) => other.hops.includes(hop));
  return one.monitor[what] !== "" && one.monitor[what] === other.monitor[what];
}

function groupedPairs(
  pairs: readonly Pair[],
  key: (pair: Pair) => string,
): ReadonlyMap<string, readonly number[]> {
  return Map.groupBy(pairs.keys(), (number) => key(pairAt(pairs, number)));
}
