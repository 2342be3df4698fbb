// Monitors as they were: heard of, or not.

import type { adminV1 } from "@truechimer/api";
import { nsFromTimestamptz, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { sql } from "kysely";
import { monitorMessages } from "../../admin-api/monitor-messages.ts";
import type { ServerContext } from "../../context.ts";
import { isLiveMonitor, monitorsOfAccount } from "../found-subjects.ts";
import type { Step } from "./changes.ts";

export type MonitorState = Pick<adminV1.Monitor, "online">;

export interface PastMonitor {
  /** As it is today. */
  readonly monitor: adminV1.Monitor;
  readonly first: MonitorState;
  readonly steps: readonly Step<MonitorState>[];
}

export interface PresenceQuestion {
  /** Undefined: of all accounts. */
  readonly accountId: bigint | undefined;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

export async function pastMonitors(
  { database, policy }: ServerContext,
  { fromNs, ...whose }: PresenceQuestion,
): Promise<readonly PastMonitor[]> {
  const { kysely } = database;
  const owned = await monitorsOfAccount(kysely, whose);
  const monitors = (await monitorMessages(kysely, policy.offsetLimitNs)).filter(
    (monitor) => isLiveMonitor(monitor) && owned(monitor.id),
  );
  const { rows } = await sql<{
    readonly monitor_id: bigint;
    readonly at: Timestamptz;
    readonly online: boolean;
  }>`
    select monitor_id, at, kind = 'monitor_online' as online from events
    where at >= ${timestamptzFromNs(fromNs)} and kind in ('monitor_online', 'monitor_offline')
    order by at, id`.execute(kysely);
  const events = Map.groupBy(rows, (row) => row.monitor_id);
  return monitors.map((monitor) => {
    const own = events.get(monitor.id) ?? [];
    const [earliest] = own;
    return {
      monitor,
      first: { online: earliest === undefined ? monitor.online : !earliest.online },
      steps: own.map(({ at, online }) => ({ atNs: nsFromTimestamptz(at), change: { online } })),
    };
  });
}
