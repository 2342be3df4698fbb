// What can be done to agents: a status at once, with its undo; a removal only after asking.

import type { QueryClient } from "@tanstack/react-query";
import { adminV1 } from "@truechimer/api";
import { adminClient } from "../api/client.ts";
import { countOf } from "../format/number.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";
import { MONITOR_STATUS_DEFINITIONS, type MonitorStatusName } from "../parts/words.ts";
import type { AgentFamily } from "./agent-facts.ts";

/** The statuses that a person may set. */
export type SettableStatus = "active" | "testing" | "pending" | "paused";

export const SETTABLE: readonly SettableStatus[] = ["active", "testing", "pending", "paused"];

/** What setting it will do, for hovering. */
export function statusPromise(status: SettableStatus): string {
  return `${MONITOR_STATUS_DEFINITIONS[status]} Can be undone.`;
}

export function wireStatus(status: MonitorStatusName): adminV1.MonitorStatus {
  const { MonitorStatus } = adminV1;
  if (status === "pending") return MonitorStatus.PENDING;
  if (status === "testing") return MonitorStatus.TESTING;
  if (status === "active") return MonitorStatus.ACTIVE;
  if (status === "paused") return MonitorStatus.PAUSED;
  return MonitorStatus.UNSPECIFIED;
}

/** Monitors with the name by which their agent is known. */
export interface NamedFamily {
  readonly name: string;
  readonly family: AgentFamily;
}

/** Sets it, tells it, offers the undo, which gives each monitor the status that it had. */
export async function setStatus(
  status: SettableStatus,
  families: readonly NamedFamily[],
  queries: QueryClient,
): Promise<boolean> {
  const changed = families.filter(({ family }) => family.status !== status);
  const who = whoText(changed);
  if (changed.length === 0) {
    tellDone(`${whoText(families)} ${families.length === 1 ? "is" : "are"} ${status} already`);
    return true;
  }
  try {
    await send(
      changed.map(({ family }) => family.id),
      status,
    );
    tellDone(`${who} ${changed.length === 1 ? "is" : "are"} ${status} from now on`, async () => {
      for (const [before, group] of Map.groupBy(changed, ({ family }) => family.status)) {
        await send(
          group.map(({ family }) => family.id),
          before,
        );
      }
      void queries.invalidateQueries();
      return `${who} as before`;
    });
    return true;
  } catch (error) {
    tellFailed(`${who} could not be set to ${status}`, error);
    return false;
  } finally {
    void queries.invalidateQueries();
  }
}

async function send(ids: readonly bigint[], status: MonitorStatusName): Promise<void> {
  await adminClient.setMonitorStatus({ ids: [...ids], status: wireStatus(status) });
}

function whoText(families: readonly NamedFamily[]): string {
  const [first] = families;
  if (first === undefined) return "Nothing";
  if (families.length === 1) return `${first.name} (${first.family.family})`;
  const names = new Set(families.map(({ name }) => name));
  return names.size === 1
    ? `${first.name} (${countOf(families.length, "family", "families")})`
    : countOf(names.size, "agent");
}
