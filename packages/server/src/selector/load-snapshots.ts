// What reviews know of some servers: one query over all their assignments, also those without a result.

import type { Schema, Timestamptz } from "@truechimer/database";
import { nsFromTimestamptz } from "@truechimer/database";
import type {
  AssignmentStatus,
  GlobalStatus,
  MonitorFacts,
  Snapshot,
  ViolationType,
} from "@truechimer/selection";
import { type Kysely, sql } from "kysely";
import type { ProbePolicy } from "../policy.ts";
import { assignmentIntervalMs } from "../verdict/load-witnesses.ts";

/** A server with its assignments, and what a plan for it is written by. */
export interface LoadedServer {
  readonly snapshot: Snapshot;
  readonly name: string;
  readonly lab: boolean;
  /** By monitor: number of the assignment, and the monitor's name. */
  readonly assignments: ReadonlyMap<
    bigint,
    { readonly id: bigint; readonly name: string; readonly idToken: string }
  >;
}

interface Row {
  readonly server_id: bigint;
  readonly server_name: string;
  readonly server_account: bigint | null;
  readonly server_ip: string;
  readonly lab: boolean;
  readonly id: bigint | null;
  readonly monitor_id: bigint;
  readonly id_token: string;
  readonly hostname: string;
  readonly type: "monitor" | "score";
  readonly global_status: GlobalStatus;
  readonly online: boolean;
  readonly account_id: bigint | null;
  readonly account_limit: number | null;
  readonly ip: string | null;
  readonly country: string;
  readonly network: string;
  readonly status: AssignmentStatus;
  readonly status_since: Timestamptz | null;
  readonly demoted_at: Timestamptz | null;
  readonly reversals: number;
  readonly score_raw: number;
  readonly score_ts: Timestamptz | null;
  readonly results_counted: number;
  readonly quality_weight: number;
  readonly quality_step: number;
  readonly quality_answers: number;
  readonly quality_delay_ms: number | null;
  readonly quality_residual_ms: number | null;
  readonly active_servers: number;
  readonly account_share: number;
  readonly bad_everywhere: boolean;
  readonly violation: ViolationType | null;
  readonly violation_since: Timestamptz | null;
  readonly last_constraint_check: Timestamptz | null;
}

export interface ProbePolicies {
  readonly probe: ProbePolicy;
  readonly labProbe: ProbePolicy;
}

/** A monitor that was never heard of is waited for so long before it counts as silent. */
const FIRST_CONTACT_SECONDS = 600;

/** By id; of servers that are there. */
export async function loadSnapshots(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
  policies: ProbePolicies,
): Promise<ReadonlyMap<bigint, LoadedServer>> {
  const { rows } = await sql<Row>`
    /* prepared: load_snapshots */
    select s.id as server_id, s.name as server_name, s.account_id as server_account, host(s.ip) as server_ip, s.lab,
      ss.id, m.id as monitor_id, m.id_token, m.hostname, m.type,
      case when m.deleted_on is not null or not m.is_current then 'deleted' else m.status end as global_status,
      m.online or (m.last_seen is null and m.created_on > now() - make_interval(secs => ${FIRST_CONTACT_SECONDS}::float8)) as online,
      m.account_id,
      case when jsonb_typeof(a.flags -> 'monitors_per_server_limit') = 'number'
        then (a.flags ->> 'monitors_per_server_limit')::float8::int end as account_limit,
      host(m.ip) as ip, coalesce(ag.country, m.country) as country, coalesce(ag.network, m.network) as network,
      ss.status, ss.status_since, ss.demoted_at, ss.reversals, ss.score_raw, ss.score_ts, ss.results_counted,
      ss.quality_weight, ss.quality_step, ss.quality_answers, ss.quality_delay_ms, ss.quality_residual_ms,
      coalesce(st.active_servers, 0) as active_servers, coalesce(st.account_share, 0) as account_share,
      coalesce(st.bad_everywhere, false) as bad_everywhere,
      ss.constraint_violation_type as violation, ss.constraint_violation_since as violation_since, ss.last_constraint_check
    from servers s
    join server_scores ss on ss.server_id = s.id
    join monitors m on m.id = ss.monitor_id and m.type = 'monitor'
    left join agents ag on ag.id = m.agent_id
    left join accounts a on a.id = m.account_id
    left join monitor_standings st on st.monitor_id = m.id
    where s.id = any(${[...serverIds]}::bigint[])`.execute(database);
  const grouped = Map.groupBy(rows, (row) => row.server_id);
  return new Map([...grouped].map(([serverId, own]) => [serverId, loadedOf(own, policies)]));
}

function loadedOf(rows: readonly Row[], policies: ProbePolicies): LoadedServer {
  const [first] = rows;
  if (first === undefined) throw new RangeError("a group has a row");
  const probe = first.lab ? policies.labProbe : policies.probe;
  return {
    name: first.server_name,
    lab: first.lab,
    snapshot: {
      server: {
        id: first.server_id,
        ip: first.server_ip,
        ...(first.server_account === null ? {} : { accountId: first.server_account }),
      },
      monitors: rows.map((row) => factsOf(row, probe)),
      accountLimits: new Map(
        rows.flatMap(({ account_id: account, account_limit: limit }) =>
          account === null || limit === null || limit < 0 ? [] : [[account, limit] as const],
        ),
      ),
    },
    assignments: new Map(
      rows.flatMap(({ id, monitor_id: monitorId, hostname: name, id_token: idToken }) =>
        id === null ? [] : [[monitorId, { id, name, idToken }] as const],
      ),
    ),
  };
}

function factsOf(row: Row, probe: ProbePolicy): MonitorFacts {
  const { status, global_status: globalStatus, score_raw: score } = row;
  const at = (value: Timestamptz | null): number | undefined =>
    value === null ? undefined : Number(nsFromTimestamptz(value) / 1_000_000n);
  const optional = <Key extends string, Value>(
    key: Key,
    value: Value | undefined | null,
  ): { readonly [Name in Key]?: Value } =>
    value === undefined || value === null
      ? {}
      : ({ [key]: value } as { readonly [Name in Key]?: Value });
  const lastCheckAtMs = at(row.score_ts);
  const weight = row.quality_weight;
  return {
    id: row.monitor_id,
    type: row.type,
    globalStatus,
    ...optional("accountId", row.account_id),
    ...optional("ip", row.ip),
    country: row.country,
    network: row.network,
    status,
    ...optional("statusSinceMs", at(row.status_since)),
    ...optional("demotedAtMs", at(row.demoted_at)),
    reversals: row.reversals,
    ...(lastCheckAtMs === undefined
      ? {}
      : {
          measured: {
            count: row.results_counted,
            weight,
            meanStep: row.quality_step,
            lossShare: weight > 0 ? Math.min(1, Math.max(0, 1 - row.quality_answers / weight)) : 0,
            ...optional("delayMs", row.quality_delay_ms),
            ...optional("residualMs", row.quality_residual_ms),
            lastCheckAtMs,
          },
        }),
    intervalMs: assignmentIntervalMs({ status, monitorStatus: globalStatus, score }, probe),
    online: row.online,
    badEverywhere: row.bad_everywhere,
    activeServers: row.active_servers,
    accountShare: row.account_share,
    ...optional("violation", row.violation),
    ...optional("violationSinceMs", at(row.violation_since)),
    ...optional("lastConstraintCheckAtMs", at(row.last_constraint_check)),
  };
}
