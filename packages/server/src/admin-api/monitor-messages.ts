// Monitors as people see them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { IpVersion, MonitorStatusName, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import {
  FAMILIES,
  MONITOR_STATUSES,
  optionalField,
  optionalTimestamp,
  timestampFrom,
} from "./admin-message.ts";

interface MonitorRow {
  readonly id: bigint;
  readonly hostname: string;
  readonly ip: string;
  readonly ip_version: IpVersion;
  readonly status: MonitorStatusName;
  readonly online: boolean;
  readonly last_seen: Timestamptz | null;
  readonly last_submit: Timestamptz | null;
  readonly client_version: string;
  readonly location: string;
  readonly lab: boolean;
  readonly created_on: Timestamptz;
  readonly servers_active: bigint | null;
  readonly servers_testing: bigint | null;
  readonly checks: bigint | null;
  readonly without_answer: bigint | null;
  readonly from_fleet_ns: bigint | null;
}

/** Current ones, by name. */
export async function monitorMessages(kysely: Kysely<Schema>): Promise<adminV1.Monitor[]> {
  const result = await sql<MonitorRow>`
    select m.id, m.hostname, m.ip, m.ip_version, m.status, m.online, m.last_seen, m.last_submit, m.client_version,
      m.location, m.lab, m.created_on, assigned.servers_active, assigned.servers_testing,
      -- Two extreme offsets differ by more than 63 bits hold; and greatest() would make a number of a null.
      case when assigned.from_fleet is not null
        then least(greatest(assigned.from_fleet, -9223372036854775807), 9223372036854775807)::bigint
      end as from_fleet_ns,
      hour.checks, hour.without_answer
    from monitors m
    left join lateral (
      select count(*) filter (where ss.status = 'active') as servers_active,
        count(*) filter (where ss.status = 'testing') as servers_testing,
        percentile_disc(0.5) within group (order by ss.answer_offset_ns::numeric - s.offset_ns) filter (
          where s.witnesses_fresh > 1 and s.offset_ns is not null and ss.reason is null
            and ss.last_answer_ts > now() - interval '1 hour'
        ) as from_fleet
      from server_scores ss join servers s on s.id = ss.server_id
      where ss.monitor_id = m.id and s.state = 'watched'
    ) assigned on true
    left join lateral (
      select sum(checks) as checks, sum(checks_without_answer) as without_answer
      from monitor_slots
      where monitor_id = m.id and slot_ts > now() - interval '1 hour'
    ) hour on true
    where m.type = 'monitor' and m.is_current and m.deleted_on is null
    order by m.hostname, m.id`.execute(kysely);
  return result.rows.map(monitorMessage);
}

function monitorMessage(row: MonitorRow): adminV1.Monitor {
  return create(adminV1.MonitorSchema, {
    id: row.id,
    name: row.hostname,
    address: row.ip,
    family: FAMILIES[row.ip_version],
    status: MONITOR_STATUSES[row.status],
    online: row.online,
    ...optionalTimestamp("lastSeenAt", row.last_seen),
    ...optionalTimestamp("lastSubmitAt", row.last_submit),
    clientVersion: row.client_version,
    location: row.location,
    serversActive: Number(row.servers_active ?? 0n),
    serversTesting: Number(row.servers_testing ?? 0n),
    checksLastHour: row.checks ?? 0n,
    checksWithoutAnswerLastHour: row.without_answer ?? 0n,
    ...optionalField("offsetFromFleetNs", row.from_fleet_ns),
    createdAt: timestampFrom(row.created_on),
    lab: row.lab,
  });
}
