// The least sum of priorities of an active set under the limits, by another way than the planner's: successive shortest paths
// in the network account → monitor → /20 (each account twice, each /20 once). Exact for as many monitors as can be chosen.

import type { Snapshot } from "@truechimer/selection";

interface Edge {
  readonly to: number;
  capacity: number;
  readonly cost: number;
  readonly back: number;
}

const ACTIVE = 7;
const PER_ACCOUNT = 2;

export interface Optimum {
  /** min(7, the most that the limits allow). */
  readonly size: number;
  /** Least sum of priorities by number of monitors, from 0. */
  readonly sums: readonly number[];
}

/** Over healthy, globally active monitors that are not of the server's account. */
export function optimumOf({ monitors, server }: Snapshot): Optimum {
  const usable = monitors.filter(
    ({ globalStatus, accountId, measured, type }) =>
      type === "monitor" &&
      globalStatus === "active" &&
      accountId !== server.accountId &&
      (measured?.meanStep ?? 0) >= 0,
  );
  const nodes = new Map<string, number>();
  const node = (key: string): number => {
    const known = nodes.get(key);
    if (known !== undefined) return known;
    nodes.set(key, nodes.size);
    return nodes.size - 1;
  };
  const graph: Edge[][] = [];
  const add = (from: number, to: number, capacity: number, cost: number): void => {
    graph[from] ??= [];
    graph[to] ??= [];
    const forward = graph[from];
    const backward = graph[to];
    forward.push({ to, capacity, cost, back: backward.length });
    backward.push({ to: from, capacity: 0, cost: -cost, back: forward.length - 1 });
  };
  const source = node("source");
  const sink = node("sink");
  const seen = new Set<string>();
  const once = (key: string, run: () => void): void => {
    if (!seen.has(key)) run();
    seen.add(key);
  };
  for (const { accountId, ip, measured } of usable) {
    const [a, b, c] = (ip ?? "").split(".");
    const account = `account ${accountId}`;
    const network = `network ${a}.${b}.${Number(c) >>> 4}`;
    once(account, () => add(source, node(account), PER_ACCOUNT, 0));
    once(network, () => add(node(network), sink, 1, 0));
    add(node(account), node(network), 1, Math.round(measured?.delayMs ?? 0));
  }
  const sums = [0];
  while (sums.length <= ACTIVE) {
    const cost = augment(graph, source, sink);
    if (cost === undefined) break;
    sums.push((sums.at(-1) ?? 0) + cost);
  }
  return { size: sums.length - 1, sums };
}

/** One more unit along the cheapest path (Bellman and Ford, as costs may be negative on the way back). */
function augment(graph: readonly Edge[][], source: number, sink: number): number | undefined {
  const cost = graph.map(() => Number.POSITIVE_INFINITY);
  const via: (readonly [number, number] | undefined)[] = [];
  cost[source] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const [from, edges] of graph.entries()) {
      const base = cost[from] ?? Number.POSITIVE_INFINITY;
      if (base === Number.POSITIVE_INFINITY) continue;
      for (const [index, edge] of (edges ?? []).entries()) {
        if (edge.capacity === 0 || base + edge.cost >= (cost[edge.to] ?? 0)) continue;
        cost[edge.to] = base + edge.cost;
        via[edge.to] = [from, index];
        changed = true;
      }
    }
  }
  const total = cost[sink] ?? Number.POSITIVE_INFINITY;
  if (total === Number.POSITIVE_INFINITY) return undefined;
  for (let at = sink; at !== source; ) {
    const [from, index] = via[at] as readonly [number, number];
    const edge = graph[from]?.[index] as Edge;
    edge.capacity -= 1;
    const back = graph[at]?.[edge.back] as Edge;
    back.capacity += 1;
    at = from;
  }
  return total;
}
