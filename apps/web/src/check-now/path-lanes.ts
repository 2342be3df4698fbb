// The tree of paths as rows with lanes, monitors above, the server at the foot: what most paths share runs straight down,
// the others join it from the right, in the row in which they meet.

import type { PathNode } from "./path-tree.ts";

export interface PassingLane {
  readonly lane: number;
  /** How many paths the line stands for. */
  readonly paths: number;
}

export interface PathRow {
  readonly key: string;
  readonly node: PathNode;
  readonly lane: number;
  /** The line goes on above it, in its own lane. */
  readonly continues: boolean;
  /** The lane in which its line goes on below; undefined: this is the server. */
  readonly into: number | undefined;
  /** Lines that pass beside it. */
  readonly passing: readonly PassingLane[];
  /** Paths that meet here: more than one lead in from above. */
  readonly meets: number;
}

/** Rows from the monitors down to the server. */
export function layOutPaths(root: PathNode): readonly PathRow[] {
  const rows: PathRow[] = [];
  climb({ node: root, key: "server", lane: 0, into: undefined, passing: [] }, rows);
  return rows.toReversed();
}

interface Place {
  readonly node: PathNode;
  readonly key: string;
  readonly lane: number;
  readonly into: number | undefined;
  readonly passing: readonly PassingLane[];
}

/** From the server up: first what joins from the side, nearest to where it joins, then the trunk. */
function climb(place: Place, rows: PathRow[]): void {
  const { node, key, lane, into, passing } = place;
  const children = [...node.children].toSorted(
    ([oneKey, one], [otherKey, other]) =>
      one.monitors.length - other.monitors.length || (oneKey < otherKey ? 1 : -1),
  );
  rows.push({
    key,
    node,
    lane,
    into,
    passing,
    continues: children.length > 0,
    meets: children.length,
  });
  const trunk = children.at(-1);
  if (trunk === undefined) return;
  const branches = children.slice(0, -1);
  const waiting = (from: number): number =>
    trunk[1].monitors.length +
    branches.slice(from).reduce((sum, [, child]) => sum + child.monitors.length, 0);
  for (const [index, [childKey, child]] of branches.entries()) {
    const beside = { lane, paths: waiting(index + 1) };
    climb(
      {
        node: child,
        key: `${key}/${childKey}`,
        lane: lane + 1,
        into: lane,
        passing: [...passing, beside],
      },
      rows,
    );
  }
  climb({ node: trunk[1], key: `${key}/${trunk[0]}`, lane, into: lane, passing }, rows);
}

/** How many lanes the rows need. */
export function lanesOf(rows: readonly PathRow[]): number {
  return rows.reduce((most, row) => Math.max(most, row.lane + 1), 1);
}
