// Which probe of a traceroute is to be sent next, and when the picture is whole. No socket and no clock in here.
//
// The probes are real NTP requests, so that a server that is reached answers. It must not be asked more often than
// needed: each hop begins with one probe, its others follow when that one was answered by a router or by nobody, and only
// a few hops are under way at once. So a server gets one or two requests, as it does in a check.

import type { HopAnswer, TracerouteHop } from "./traceroute.ts";

/** Hops that may be without a result at once. More would be faster past silent routers, and ask the server more often. */
const HOPS_UNDER_WAY_MAX = 3;
/** After so many hops in a row without an answer nobody is heard any more: the path ends at a filter. */
const SILENT_HOPS_MAX = 8;

/** What is asked for. */
export interface TracePlanOptions {
  readonly hopsMax: number;
  readonly probesPerHop: number;
}

/** `router`: on the way. `end`: the server itself. `barrier`: a router that says that it goes no further. */
export type ProbeFate = "router" | "end" | "barrier" | "silence";

/** One probe of the plan. */
export interface PlannedProbe {
  readonly hopLimit: number;
  readonly index: number;
}

interface PlannedAnswer {
  readonly fate: ProbeFate;
  readonly answer: HopAnswer;
}

/** The probes of one traceroute and what has come back. */
export class TracePlan {
  readonly #options: TracePlanOptions;
  /** By hop limit − 1; undefined within: sent, no result yet. */
  readonly #hops: (PlannedAnswer | undefined)[][] = [];
  #hopsWanted: number;

  constructor(options: TracePlanOptions) {
    this.#options = options;
    this.#hopsWanted = options.hopsMax;
  }

  /** The next probe to send. Absent: there is none, or none before more results. */
  next(): PlannedProbe | undefined {
    let underWay = 0;
    for (let hopLimit = 1; hopLimit <= this.#hopsWanted; hopLimit += 1) {
      const probes = (this.#hops[hopLimit - 1] ??= []);
      if (this.#isWhole(probes)) continue;
      if (this.#mayFollow(probes)) return { hopLimit, index: probes.length };
      underWay += 1;
      if (underWay >= HOPS_UNDER_WAY_MAX) return undefined;
    }
    return undefined;
  }

  /** The probe has left. */
  sent({ hopLimit, index }: PlannedProbe): void {
    const probes = (this.#hops[hopLimit - 1] ??= []);
    probes[index] = undefined;
    probes.length = Math.max(probes.length, index + 1);
  }

  /** What became of a probe; the first result counts. */
  result({ hopLimit, index }: PlannedProbe, result: PlannedAnswer): void {
    const probes = this.#hops[hopLimit - 1];
    if (probes === undefined || probes[index] !== undefined) return;
    probes[index] = result;
    if (result.fate === "end" || result.fate === "barrier") {
      this.#hopsWanted = Math.min(this.#hopsWanted, hopLimit);
    }
    this.#endAtSilence();
  }

  get isWhole(): boolean {
    for (let hop = 0; hop < this.#hopsWanted; hop += 1) {
      if (!this.#isWhole(this.#hops[hop] ?? [])) return false;
    }
    return true;
  }

  /** The server itself answered. */
  get isReached(): boolean {
    return this.#hops
      .slice(0, this.#hopsWanted)
      .some((probes) => probes.some((probe) => probe?.fate === "end"));
  }

  /** What has come back so far; a probe without a result counts as silence. */
  hops(): readonly TracerouteHop[] {
    return this.#hops.slice(0, this.#hopsWanted).flatMap((probes, index) => {
      const answers = [...probes].map((probe) => probe?.answer ?? NO_ANSWER);
      return answers.length === 0 ? [] : [{ hopLimit: index + 1, answers }];
    });
  }

  /** The end is told by one probe; of the others all must have a result. */
  #isWhole(probes: readonly (PlannedAnswer | undefined)[]): boolean {
    const isFull = probes.length >= this.#options.probesPerHop || probes[0]?.fate === "end";
    return isFull && [...probes].every((probe) => probe !== undefined);
  }

  /** Whether one more probe of the hop may be sent now. */
  #mayFollow(probes: readonly (PlannedAnswer | undefined)[]): boolean {
    if (probes.length === 0) return true;
    const [first] = probes;
    if (first === undefined || first.fate === "end") return false;
    return probes.length < this.#options.probesPerHop;
  }

  #endAtSilence(): void {
    let silentHops = 0;
    for (const [index, probes] of this.#hops.entries()) {
      if (!this.#isWhole(probes)) return;
      silentHops = probes.every((probe) => probe?.fate === "silence") ? silentHops + 1 : 0;
      if (silentHops >= SILENT_HOPS_MAX) this.#hopsWanted = Math.min(this.#hopsWanted, index + 1);
    }
  }
}

/** Of a probe that nobody answered. */
export const NO_ANSWER: HopAnswer = { address: undefined, rttNs: undefined, icmp: undefined };
