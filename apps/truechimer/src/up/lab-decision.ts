// Whether the lab runs. It shows a newcomer what lying clocks look like; who has servers of their own does not need it.

import type { LabMode } from "../config/config.ts";

/** What is known of the lab in this database: never ran, runs, or was sent away by a person. */
export type LabState = "new" | "running" | "retired";

export interface LabQuestion {
  readonly mode: LabMode;
  readonly state: LabState;
  /** Servers that the configuration names. */
  readonly serversConfigured: number;
  /** Those of them that are under watch: the others have no address, perhaps because they are mistyped. */
  readonly serversWatched: number;
  /** Servers in the database, removed ones and the lab's own not counted. */
  readonly serversKept: number;
}

export interface LabDecision {
  readonly run: boolean;
  /** For people. */
  readonly text: string;
}

export function decideLab(question: LabQuestion): LabDecision {
  const { mode, state, serversConfigured, serversWatched, serversKept } = question;
  if (mode === "on") return { run: true, text: "the lab runs, as asked for" };
  if (mode === "off") return { run: false, text: "no lab, as asked for" };
  if (serversConfigured > 0 && serversWatched === 0 && state === "running") {
    return {
      run: true,
      text: "the lab goes on: none of the servers that the configuration names can be watched",
    };
  }
  if (serversConfigured > 0) return { run: false, text: "no lab: the configuration names servers" };
  if (state === "running" && serversKept > 0) {
    return {
      run: true,
      text: `the lab goes on beside ${counted(serversKept)} of yours; --no-lab retires it`,
    };
  }
  if (state === "running") return { run: true, text: "the lab goes on" };
  if (serversKept > 0) return { run: false, text: `no lab: ${counted(serversKept)} under watch` };
  if (state === "retired") {
    return {
      run: false,
      text: 'no servers are configured, and the lab was retired: add one with "truechimer servers add", or start with --lab',
    };
  }
  return {
    run: true,
    text: "no servers are configured, so the lab runs: simulated time servers, some of which lie",
  };
}

function counted(servers: number): string {
  return servers === 1 ? "1 server" : `${servers} servers`;
}
