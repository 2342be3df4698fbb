// What reviews know of some servers: one query over all their assignments, also those without a result, and one over the
// monitors that have them.

import { decodeRecords, type RecordReader, type Schema } from "@truechimer/database";
import type {
  AssignmentStatus,
  MeasurementFacts,
  MonitorFacts,
  ServerFacts,
  Snapshot,
  ViolationType,
} from "@truechimer/selection";
import { type Kysely, sql } from "kysely";
import type { ProbePolicy } from "../policy.ts";
import { assignmentIntervalMs } from "../verdict/load-witnesses.ts";
import { type LoadedMonitor, type LoadedMonitors, loadMonitors } from "./load-monitors.ts";

/** A server with its assignments, and what a plan for it is written by. */
export interface LoadedServer {
  readonly snapshot: Snapshot;
  readonly name: string;
  readonly lab: boolean;
  /** By monitor: the number of its assignment. */
  readonly assignmentIds: ReadonlyMap<bigint, bigint>;
  readonly nameOf: (monitorId: bigint) => string;
}

interface ServerRow {
  readonly id: bigint;
  readonly name: string;
  readonly account_id: bigint | null;
  readonly ip: string;
  readonly lab: boolean;
}

const ASSIGNMENT_COLUMNS = 17;

/** Instants are Unix milliseconds. */
interface AssignmentRow {
  readonly id: bigint;
  readonly monitor_id: bigint;
  readonly status: AssignmentStatus;
  readonly status_since: number | null;
  readonly demoted_at: number | null;
  readonly reversals: number;
  readonly score_raw: number;
  readonly score_ts: number | null;
  readonly results_counted: number;
  readonly quality_weight: number;
  readonly quality_step: number;
  readonly quality_answers: number;
  readonly quality_delay_ms: number | null;
  readonly quality_residual_ms: number | null;
  readonly violation: ViolationType | null;
  readonly violation_since: number | null;
  readonly last_constraint_check: number | null;
}

export interface ProbePolicies {
  readonly probe: ProbePolicy;
  readonly labProbe: ProbePolicy;
}

/** By id; of servers that are there and have assignments. */
export async function loadSnapshots(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
  policies: ProbePolicies,
): Promise<ReadonlyMap<bigint, LoadedServer>> {
  const servers = await loadServers(database, serverIds);
  const monitors = await loadMonitors(database, serverIds);
  const assignments = await loadAssignments(database, serverIds);
  return new Map(
    servers.flatMap((server): readonly [bigint, LoadedServer][] => {
      const rows = assignments.get(server.id);
      if (rows === undefined) return [];
      const probe = server.lab ? policies.labProbe : policies.probe;
      return [[server.id, loadedOf(server, rows, { monitors, probe })]];
    }),
  );
}

async function loadServers(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
): Promise<readonly ServerRow[]> {
  const { rows } = await sql<ServerRow>`
    /* prepared: load_reviewed_servers */
    select s.id, s.name, s.account_id, host(s.ip) as ip, s.lab
    from servers s where s.id = any(${[...serverIds]}::bigint[])`.execute(database);
  return rows;
}

/** One value a server: of 150 assignments each, printing and parsing them would be most of a review. */
async function loadAssignments(
  database: Kysely<Schema>,
  serverIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly AssignmentRow[]>> {
  const { rows } = await sql<{ readonly server_id: bigint; readonly assignments: Buffer }>`
    /* prepared: load_assignments */
    select ss.server_id, string_agg(record_send(row(
      ss.id, ss.monitor_id, ss.status::text, ss.status_since, ss.demoted_at, ss.reversals, ss.score_raw, ss.score_ts,
      ss.results_counted, ss.quality_weight, ss.quality_step, ss.quality_answers, ss.quality_delay_ms,
      ss.quality_residual_ms, ss.constraint_violation_type::text, ss.constraint_violation_since, ss.last_constraint_check
    )), ''::bytea) as assignments
    from server_scores ss
    where ss.server_id = any(${[...serverIds]}::bigint[])
    group by ss.server_id`.execute(database);
  return new Map(
    rows.map(({ server_id: serverId, assignments }) => [
      serverId,
      decodeRecords(assignments, ASSIGNMENT_COLUMNS, readAssignment),
    ]),
  );
}

function readAssignment(from: RecordReader): AssignmentRow {
  return {
    id: from.int8() as bigint,
    monitor_id: from.int8() as bigint,
    status: from.text() as AssignmentStatus,
    status_since: from.timestamptzMs(),
    demoted_at: from.timestamptzMs(),
    reversals: from.int4() as number,
    score_raw: from.float8() as number,
    score_ts: from.timestamptzMs(),
    results_counted: from.int4() as number,
    quality_weight: from.float8() as number,
    quality_step: from.float8() as number,
    quality_answers: from.float8() as number,
    quality_delay_ms: from.float8(),
    quality_residual_ms: from.float8(),
    violation: from.text() as ViolationType | null,
    violation_since: from.timestamptzMs(),
    last_constraint_check: from.timestamptzMs(),
  };
}

interface LoadContext {
  readonly monitors: LoadedMonitors;
  readonly probe: ProbePolicy;
}

function loadedOf(
  server: ServerRow,
  rows: readonly AssignmentRow[],
  { monitors, probe }: LoadContext,
): LoadedServer {
  const assignmentIds = new Map<bigint, bigint>();
  const facts: MonitorFacts[] = [];
  for (const row of rows) {
    const monitor = monitors.byId.get(row.monitor_id);
    if (monitor === undefined) continue;
    assignmentIds.set(row.monitor_id, row.id);
    facts.push(factsOf(row, monitor, probe));
  }
  return {
    name: server.name,
    lab: server.lab,
    snapshot: {
      server: serverFacts(server),
      monitors: facts,
      accountLimits: monitors.accountLimits,
    },
    assignmentIds,
    nameOf: (monitorId) => monitors.byId.get(monitorId)?.name ?? `monitor ${monitorId}`,
  };
}

function serverFacts({ id, ip, account_id: accountId }: ServerRow): ServerFacts {
  return { id, ip, ...(accountId === null ? {} : { accountId }) };
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function factsOf(row: AssignmentRow, monitor: LoadedMonitor, probe: ProbePolicy): MonitorFacts {
  const { status, score_raw: score } = row;
  const monitorStatus = monitor.facts.globalStatus;
  const facts: Writable<MonitorFacts> = {
    ...monitor.facts,
    status,
    reversals: row.reversals,
    intervalMs: assignmentIntervalMs({ status, monitorStatus, score }, probe),
  };
  if (row.status_since !== null) facts.statusSinceMs = row.status_since;
  if (row.demoted_at !== null) facts.demotedAtMs = row.demoted_at;
  if (row.violation !== null) facts.violation = row.violation;
  if (row.violation_since !== null) facts.violationSinceMs = row.violation_since;
  if (row.last_constraint_check !== null) facts.lastConstraintCheckAtMs = row.last_constraint_check;
  if (row.score_ts !== null) facts.measured = measuredOf(row, row.score_ts);
  return facts;
}

function measuredOf(row: AssignmentRow, lastCheckAtMs: number): MeasurementFacts {
  const { quality_weight: weight, quality_answers: answers } = row;
  const measured: Writable<MeasurementFacts> = {
    count: row.results_counted,
    weight,
    meanStep: row.quality_step,
    lossShare: weight > 0 ? Math.min(1, Math.max(0, 1 - answers / weight)) : 0,
    lastCheckAtMs,
  };
  if (row.quality_delay_ms !== null) measured.delayMs = row.quality_delay_ms;
  if (row.quality_residual_ms !== null) measured.residualMs = row.quality_residual_ms;
  return measured;
}
