// Monitors of other accounts that are told with a server: what they found is evidence about it (decision 24).

import { adminV1 } from "@truechimer/api";
import type { SeenObjects } from "./seen-objects.ts";

const WATCHING: readonly adminV1.AssignmentStatus[] = [
  adminV1.AssignmentStatus.ACTIVE,
  adminV1.AssignmentStatus.TESTING,
];

/** What tells it of an assignment. */
export interface ServersMonitor {
  readonly monitorId: bigint;
  readonly status: adminV1.AssignmentStatus;
  readonly isChecked: boolean;
}

/** Whether somebody who sees one account is told of a monitor: its own, and those that watch the server or have checked it. */
export async function toldWithServer(
  seen: SeenObjects,
): Promise<(monitor: ServersMonitor) => boolean> {
  const own = await seen.monitors();
  return ({ monitorId, status, isChecked }) =>
    isChecked || WATCHING.includes(status) || own.has(monitorId);
}
