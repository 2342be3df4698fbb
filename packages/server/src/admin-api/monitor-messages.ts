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
  readonly country: string;
  readonly network: string;
  readonly fault_cause: string;
  readonly fault_text: string;
  readonly fault_since: Timestamptz | null;
  readonly lab: boolean;
  readonly created_on: Timestamptz;
  readonly servers_active: bigint | null;
  readonly servers_testing: bigint | null;
  readonly checks: bigint | null;
  readonly without_answer: bigint | null;
  readonly on_demand: boolean;
  readonly from_fleet_ns: bigint | null;
  readonly from_fleet_bound_ns: bigint | null;
  readonly servers_judged: bigint | null;
  readonly servers_agreed: bigint | null;
  readonly certificate_until: Timestamptz | null;
}

/** Current ones, by name. A clock farther off than the limit, its bound apart, is held to be wrong. */
export async function monitorMessages(
  kysely: Kysely<Schema>,
  offsetLimitNs: bigint,
): Promise<adminV1.Monitor[]> {
  const result = await sql<MonitorRow>`
    select m.id, m.hostname, m.ip, m.ip_version, m.status, m.online, m.last_seen, m.last_submit, m.client_version,
      m.location, coalesce(a.country, m.country) as country, coalesce(a.network, m.network) as network,
      m.fault_cause, m.fault_text, m.fault_since, m.lab, m.created_on, assigned.servers_active, assigned.servers_testing,
      -- Two extreme offsets differ by more than 63 bits hold; and greatest() would make a number of a null.
      case when assigned.from_fleet is not null
        then least(greatest(assigned.from_fleet, -9223372036854775807), 9223372036854775807)::bigint
      end as from_fleet_ns,
      case when assigned.bounds_known
        then least(assigned.from_fleet_bound, 9223372036854775807)::bigint
      end as from_fleet_bound_ns,
      assigned.servers_judged, assigned.servers_agreed, hour.checks, hour.without_answer,
      exists (select 1 from monitor_sessions x where x.monitor_id = m.id and x.expires_at > now()) as on_demand,
      (
        select least(c.not_after, c.revoked_at) from certificates c
        where c.tls_name = lower(a.tls_name) and c.issued_at is not null order by c.issued_at desc limit 1
      ) as certificate_until
    from monitors m
    left join agents a on a.id = m.agent_id
    left join lateral (
      select count(*) filter (where ss.status = 'active') as servers_active,
        count(*) filter (where ss.status = 'testing') as servers_testing,
        percentile_disc(0.5) within group (order by ss.answer_offset_ns::numeric - s.offset_ns) filter (where shared.yes)
          as from_fleet,
        -- When more than half of the differences err by no more than their bounds' upper median, so does the median.
        percentile_disc(0.500001) within group (order by ss.answer_bound_ns::numeric + s.bound_ns) filter (where shared.yes)
          as from_fleet_bound,
        bool_and(ss.answer_bound_ns is not null and s.bound_ns is not null) filter (where shared.yes) as bounds_known,
        count(*) filter (where shared.yes and s.verdict in ('truechimer', 'falseticker')) as servers_judged,
        count(*) filter (
          where shared.yes and (
            (s.verdict = 'truechimer' and not against.yes) or (s.verdict = 'falseticker' and against.yes)
          )
        ) as servers_agreed
      from server_scores ss
      join servers s on s.id = ss.server_id
      cross join lateral (
        select s.witnesses_fresh > 1 and s.offset_ns is not null and ss.answer_offset_ns is not null and ss.reason is null
          and ss.last_answer_ts > now() - interval '1 hour' as yes
      ) shared
      cross join lateral (
        select abs(ss.answer_offset_ns::numeric) - coalesce(ss.answer_bound_ns, 0) > ${offsetLimitNs}::bigint as yes
      ) against
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
    country: row.country,
    network: row.network,
    faultCause: row.fault_cause,
    faultText: row.fault_text,
    ...optionalTimestamp("faultSince", row.fault_since),
    serversActive: Number(row.servers_active ?? 0n),
    serversTesting: Number(row.servers_testing ?? 0n),
    checksLastHour: row.checks ?? 0n,
    checksWithoutAnswerLastHour: row.without_answer ?? 0n,
    ...optionalField("offsetFromFleetNs", row.from_fleet_ns),
    ...optionalField("offsetFromFleetBoundNs", row.from_fleet_bound_ns),
    serversJudged: Number(row.servers_judged ?? 0n),
    serversAgreed: Number(row.servers_agreed ?? 0n),
    createdAt: timestampFrom(row.created_on),
    lab: row.lab,
    onDemand: row.on_demand,
    ...optionalTimestamp("certificateUntil", row.certificate_until),
  });
}
