// What was found of the monitors that called last. A call works with it and asks nothing: the statement that does its work
// says whether it still holds (monitor-mark.ts), and is done again with what is found anew where it does not.

import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import { agentKey } from "../enrolment/agent-credential.ts";
import {
  authenticateMonitor,
  type CallingMonitor,
  isLive,
  type MonitorCall,
} from "./authenticate-monitor.ts";

/** Monitors: a kilobyte or so each. Those that called first are forgotten first, and found again. */
const KNOWN_MAX = 20_000;
/** More often than this nobody changes a monitor while it calls. */
const FOUND_MAX = 5;

export interface KnownMonitors {
  get(call: MonitorCall): CallingMonitor | undefined;
  /** One that is not live, and an agent's only one, which may get company, are found with each call. */
  note(call: MonitorCall, monitor: CallingMonitor): void;
  forget(call: MonitorCall): void;
}

export function createKnownMonitors(): KnownMonitors {
  const known = new Map<string, CallingMonitor>();
  return {
    get: (call) => known.get(keyOf(call)),
    note: (call, monitor) => {
      if (call.monId === "" || !isLive(monitor)) return;
      known.set(keyOf(call), monitor);
      if (known.size <= KNOWN_MAX) return;
      for (const oldest of known.keys()) {
        known.delete(oldest);
        return;
      }
    },
    forget: (call) => {
      known.delete(keyOf(call));
    },
  };
}

function keyOf({ credential, monId }: MonitorCall): string {
  return `${credential.kind} ${agentKey(credential)} ${monId}`;
}

/** The work finds that the monitor is not what it was taken for. It has done nothing, then. */
export const MONITOR_CHANGED: unique symbol = Symbol("monitor changed");

export interface FoundMonitor {
  readonly monitor: CallingMonitor;
  /** As an earlier call found it: nobody is refused by that. */
  readonly isRemembered: boolean;
}

/** Does a monitor's work; fails as `authenticateMonitor` does, and with database_busy when it changes all the time. */
export async function asMonitor<Answer>(
  context: Pick<ServerContext, "database" | "monitorCalls">,
  call: MonitorCall,
  work: (found: FoundMonitor) => Promise<Answer | typeof MONITOR_CHANGED>,
): Promise<Answer> {
  const { known } = context.monitorCalls;
  const remembered = known.get(call);
  if (remembered !== undefined) {
    const answer = await work({ monitor: remembered, isRemembered: true });
    if (answer !== MONITOR_CHANGED) return answer;
    known.forget(call);
  }
  for (let found = 0; found < FOUND_MAX; found += 1) {
    const monitor = await authenticateMonitor(context, call);
    known.note(call, monitor);
    const answer = await work({ monitor, isRemembered: false });
    if (answer !== MONITOR_CHANGED) return answer;
  }
  throw new AppError("database_busy", "the monitor was changed while it called: call again");
}
