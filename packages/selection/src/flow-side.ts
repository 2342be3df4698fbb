// One side of the flow: groups with falling gains, and in each of them the accounts (or networks) with their limits. On the
// left a path comes from the source through a group to a leaf, on the right it goes from a leaf through a group to the sink;
// both ways may take back what earlier paths have sent.

import type { Grouping } from "./partial-choice.ts";

/** Where a path comes from that does not come from another node of its side. */
export const NONE = -1;
const UNREACHED: number = Number.NEGATIVE_INFINITY;

/** Groups, leaves, and what flows through them. */
export interface FlowSide {
  /** By item. */
  readonly leafOf: Int32Array;
  /** By leaf: its group, and its account or network. */
  readonly groupOf: Int32Array;
  readonly keyOf: Int32Array;
  /** Accounts or networks that have leaves in several groups. */
  readonly spanning: readonly number[];
  readonly grouping: Grouping | undefined;
  /** The leaves and groups of the open items. */
  readonly leaves: number[];
  readonly groups: number[];
  /** By leaf: what flows through it, at most. */
  readonly used: Int32Array;
  readonly limits: Int32Array;
  /** By group: what flows through it, with what was chosen before. */
  readonly counts: Int32Array;
  /** The gain of the best path to a leaf or group, and what it came by: an item, or a leaf. */
  readonly reach: Float64Array;
  readonly via: Int32Array;
  readonly groupReach: Float64Array;
  readonly groupVia: Int32Array;
}

/** @param keys by item: its account or network; -1: without limit. */
export function createFlowSide(grouping: Grouping | undefined, keys: readonly number[]): FlowSide {
  const numbers = new Map<number, number>();
  const most = 2 + Math.max(-1, ...keys);
  const groupOf: number[] = [];
  const keyOf: number[] = [];
  const leafOf = Int32Array.from(keys, (key, place) => {
    const group = grouping?.groupOf[place] ?? 0;
    const pair = group * most + key + 1;
    const known = numbers.get(pair);
    if (known !== undefined) return known;
    groupOf.push(group);
    keyOf.push(key);
    numbers.set(pair, numbers.size);
    return numbers.size - 1;
  });
  const leaves = keyOf.length;
  const groups = grouping?.counts.length ?? 1;
  return {
    leafOf,
    groupOf: Int32Array.from(groupOf),
    keyOf: Int32Array.from(keyOf),
    spanning: repeated(keyOf),
    grouping,
    leaves: [],
    groups: [],
    used: new Int32Array(leaves),
    limits: new Int32Array(leaves),
    counts: new Int32Array(groups),
    reach: new Float64Array(leaves),
    via: new Int32Array(leaves),
    groupReach: new Float64Array(groups),
    groupVia: new Int32Array(groups),
  };
}

function repeated(keys: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  const twice = keys.filter((key) => key >= 0 && seen.size === seen.add(key).size);
  return [...new Set(twice)];
}

/** Empty, for these items. */
export function openFlowSide(
  side: FlowSide,
  open: readonly number[],
  limitOf: (key: number) => number,
): void {
  const { leafOf, groupOf, keyOf, leaves, groups, used, limits, counts, grouping } = side;
  leaves.length = 0;
  groups.length = 0;
  used.fill(NONE);
  counts.fill(NONE);
  for (const place of open) {
    const leaf = leafOf[place] as number;
    if (used[leaf] !== NONE) continue;
    const key = keyOf[leaf] as number;
    used[leaf] = 0;
    limits[leaf] = key < 0 ? open.length : limitOf(key);
    leaves.push(leaf);
    const group = groupOf[leaf] as number;
    if (counts[group] !== NONE) continue;
    counts[group] = grouping?.counts[group] ?? 0;
    groups.push(group);
  }
}

/** What one more of a group gains. */
function gainOf({ grouping, counts }: FlowSide, group: number): number {
  return grouping === undefined ? 0 : (grouping.gains[counts[group] as number] as number);
}

/** Left, before any path: from the source to every group. */
export function startLeft(side: FlowSide): void {
  const { groups, groupReach, groupVia } = side;
  for (const group of groups) {
    groupReach[group] = gainOf(side, group);
    groupVia[group] = NONE;
  }
  clearLeaves(side);
}

/** Right, before any path. */
export function startRight(side: FlowSide): void {
  for (const group of side.groups) side.groupReach[group] = UNREACHED;
  clearLeaves(side);
}

function clearLeaves({ leaves, reach, via }: FlowSide): void {
  for (const leaf of leaves) {
    reach[leaf] = UNREACHED;
    via[leaf] = NONE;
  }
}

/** From a group to its leaves: on the left where there is room, on the right where one gives back. */
export function reachLeaves(side: FlowSide, way: "room" | "back"): boolean {
  const { leaves, groupOf, reach, via, groupReach } = side;
  let changed = false;
  for (const leaf of leaves) {
    const gain = groupReach[groupOf[leaf] as number] as number;
    if (gain <= (reach[leaf] as number) || !isOpen(side, leaf, way)) continue;
    reach[leaf] = gain;
    via[leaf] = NONE;
    changed = true;
  }
  return changed;
}

/** From the leaves to their groups: on the right where there is room, on the left where one gives back. */
export function reachGroups(side: FlowSide, way: "room" | "back"): boolean {
  const { leaves, groupOf, reach, groupReach, groupVia } = side;
  let changed = false;
  for (const leaf of leaves) {
    const group = groupOf[leaf] as number;
    const gain = reach[leaf] as number;
    if (gain <= (groupReach[group] as number) || !isOpen(side, leaf, way)) continue;
    groupReach[group] = gain;
    groupVia[group] = leaf;
    changed = true;
  }
  return changed;
}

function isOpen({ used, limits }: FlowSide, leaf: number, way: "room" | "back"): boolean {
  const flow = used[leaf] as number;
  return way === "back" ? flow > 0 : flow < (limits[leaf] as number);
}

/** Right: the group by which a path to the sink gains the most. Undefined: there is no path. */
export function bestEnd(
  side: FlowSide,
): { readonly group: number; readonly gain: number } | undefined {
  let best = NONE;
  let most = UNREACHED;
  for (const group of side.groups) {
    const gain = (side.groupReach[group] as number) + gainOf(side, group);
    if (gain <= most) continue;
    most = gain;
    best = group;
  }
  return best === NONE ? undefined : { group: best, gain: most };
}
