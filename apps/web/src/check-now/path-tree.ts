// Traceroutes of several monitors to one server as one tree with the server as its root: where two paths part is seen
// because what they share is one line.

import type { adminV1 } from "@truechimer/api";
import { networkText } from "../format/network.ts";

export type PathNodeKind = "server" | "hop" | "silent" | "stopped" | "monitor";

export interface PathNode {
  readonly kind: PathNodeKind;
  /** Address, monitor's name, or empty. */
  readonly text: string;
  /** The network that its address is in. Undefined: none is known of it. */
  readonly network: adminV1.Network | undefined;
  /** Other addresses that answered at the same hop. */
  readonly others: Set<string>;
  /** How many hops in a row were silent; 1 otherwise. */
  readonly count: number;
  /** Names of the monitors whose paths lead through here. */
  readonly monitors: string[];
  /** Round trips as the monitors measured them, nanoseconds. */
  readonly rttsNs: bigint[];
  /** Hop numbers that it has on its paths. */
  readonly hopLimits: Set<number>;
  /** What lies before it on the way from the monitors. */
  readonly children: Map<string, PathNode>;
}

export interface PathTree {
  readonly root: PathNode;
  /** Paths that reached the server. */
  readonly reached: number;
  readonly paths: number;
  /** Monitors without a single hop, with the reason. */
  readonly without: readonly { readonly monitorName: string; readonly reason: string }[];
}

/** Builds the tree. `serverAddress` is what an answer of the server itself comes from. */
export function buildPathTree(
  answers: readonly adminV1.CheckNowAnswer[],
  serverAddress: string,
): PathTree {
  const root = createNode({ kind: "server", text: serverAddress, count: 1 });
  const without: { monitorName: string; reason: string }[] = [];
  let reached = 0;
  for (const answer of answers) {
    const { monitorName, reason } = answer;
    if (answer.hops.every((hop) => hop.answers.length === 0)) {
      without.push({ monitorName, reason });
      continue;
    }
    const path = pathOf(answer, serverAddress);
    if (path.reached !== undefined) {
      reached += 1;
      root.rttsNs.push(...path.reached.rttsNs);
      root.hopLimits.add(path.reached.hopLimit);
    }
    root.monitors.push(monitorName);
    let node = root;
    for (const step of path.steps.toReversed()) {
      node = enter(node, step, monitorName);
    }
    enter(
      node,
      { key: `monitor ${answer.monitorId}`, kind: "monitor", text: monitorName, count: 1 },
      monitorName,
    );
  }
  return { root, reached, paths: answers.length - without.length, without };
}

interface Step {
  readonly key: string;
  readonly kind: PathNodeKind;
  readonly text: string;
  readonly count: number;
  readonly network?: adminV1.Network | undefined;
  readonly others?: readonly string[];
  readonly rttNs?: bigint;
  readonly hopLimit?: number;
}

interface Path {
  /** From the monitor towards the server, without either. */
  readonly steps: readonly Step[];
  readonly reached: { readonly rttsNs: readonly bigint[]; readonly hopLimit: number } | undefined;
}

function pathOf(answer: adminV1.CheckNowAnswer, serverAddress: string): Path {
  const hops = answer.hops.toSorted((one, other) => one.hopLimit - other.hopLimit);
  const end = hops.findIndex((hop) => hop.answers.some(({ address }) => address === serverAddress));
  const last = hops[end];
  const steps = stepsOf(end < 0 ? hops : hops.slice(0, end));
  if (last === undefined) {
    // What follows the last one that answered is silence up to the limit: one step, whatever its length.
    const answered = steps.at(-1)?.kind === "silent" ? steps.slice(0, -1) : steps;
    const stopped = answered.at(-1)?.text ?? "";
    return {
      steps: [...answered, { key: `stopped ${stopped}`, kind: "stopped", text: "", count: 1 }],
      reached: undefined,
    };
  }
  const rttsNs = last.answers
    .filter(({ address }) => address === serverAddress)
    .map(({ rttNs }) => rttNs);
  return { steps, reached: { rttsNs, hopLimit: last.hopLimit } };
}

/** Silent neighbours are one step. Two silences are the same only where what precedes them is. */
function stepsOf(hops: readonly adminV1.TracerouteHop[]): readonly Step[] {
  const steps: Step[] = [];
  for (const hop of hops) {
    const before = steps.at(-1);
    const [first, ...rest] = hop.answers.toSorted((one, other) => Number(one.rttNs - other.rttNs));
    if (first !== undefined) {
      const { address, rttNs, network } = first;
      const others = rest.map((one) => one.address).filter((one) => one !== address);
      steps.push({
        key: address,
        kind: "hop",
        text: address,
        count: 1,
        network,
        others,
        rttNs,
        hopLimit: hop.hopLimit,
      });
    } else if (before?.kind === "silent") {
      steps.splice(-1, 1, silence(before.count + 1, steps.at(-2)?.text ?? ""));
    } else {
      steps.push(silence(1, before?.text ?? ""));
    }
  }
  return steps;
}

function silence(count: number, before: string): Step {
  return { key: `silent ${count} ${before}`, kind: "silent", text: "", count };
}

function enter(parent: PathNode, step: Step, monitorName: string): PathNode {
  const node = parent.children.get(step.key) ?? createNode(step);
  parent.children.set(step.key, node);
  node.monitors.push(monitorName);
  for (const other of step.others ?? []) node.others.add(other);
  if (step.rttNs !== undefined) node.rttsNs.push(step.rttNs);
  if (step.hopLimit !== undefined) node.hopLimits.add(step.hopLimit);
  return node;
}

function createNode(step: Pick<Step, "kind" | "text" | "count" | "network">): PathNode {
  const { kind, text, count, network } = step;
  return {
    kind,
    text,
    network,
    count,
    others: new Set(),
    monitors: [],
    rttsNs: [],
    hopLimits: new Set(),
    children: new Map(),
  };
}

/** What is seen, in one sentence. */
export function pathSentence({ root, reached, paths }: PathTree): string {
  if (paths === 0) return "No path is known yet.";
  const reach = `${reached} of ${paths} ${paths === 1 ? "path reaches" : "paths reach"} the server`;
  if (paths === 1) return `${reach}.`;
  const shared = sharedHop(root);
  if (shared !== undefined) return `${reach}; all come in through ${shared}.`;
  const entrances = [...root.children.values()].filter(({ kind }) => kind === "hop").length;
  return entrances < 2 ? `${reach}.` : `${reach}, by ${entrances} different last hops.`;
}

/** The address farthest from the server that every path leads through, with its network. */
function sharedHop(root: PathNode): string | undefined {
  let shared: string | undefined;
  let node: PathNode | undefined = root;
  while (node !== undefined && node.children.size === 1) {
    const [child]: PathNode[] = [...node.children.values()];
    if (child?.kind === "hop") {
      const { text, network } = child;
      shared = network === undefined ? text : `${text} in ${networkText(network)}`;
    }
    node = child;
  }
  return shared;
}
