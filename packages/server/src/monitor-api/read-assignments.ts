// The assignments that results are about. Nobody else changes their scores while the monitors' rows are locked.

import { assert } from "@truechimer/base";
import {
  decodeRecords,
  type RecordReader,
  type Schema,
  timestamptzFromUnixUs,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { HeldAssignment } from "./apply-step.ts";
import type { StatusToStore } from "./apply-steps.ts";
import type { SubmissionToStore } from "./store-submissions.ts";

export type Assignments = ReadonlyMap<StatusToStore, HeldAssignment>;

interface WantedStatus {
  readonly submission: SubmissionToStore;
  readonly status: StatusToStore;
}

export interface FoundAssignments {
  readonly assignments: Assignments;
  /** The one in force, as "name/version". Undefined: none was ever chosen. */
  readonly ruleSet: string | undefined;
}

/** Of all statuses. */
export async function findAssignments(
  transaction: Kysely<Schema>,
  submissions: readonly SubmissionToStore[],
): Promise<FoundAssignments> {
  return await read(transaction, wantedOf(submissions));
}

function wantedOf(submissions: readonly SubmissionToStore[]): readonly WantedStatus[] {
  return submissions.flatMap((submission) =>
    submission.statuses.map((status) => ({ submission, status })),
  );
}

/** An assignment that is there no more is made again for what was measured under it, where a ticket says that it was there. */
export async function madeAssignments(
  transaction: Kysely<Schema>,
  submissions: readonly SubmissionToStore[],
  { assignments: found }: FoundAssignments,
): Promise<Assignments> {
  const missing = wantedOf(submissions).filter(
    ({ submission, status }) => submission.ticketed && !found.has(status),
  );
  if (missing.length === 0) return found;
  const made = await makeAssignments(transaction, missing);
  return made === 0n
    ? found
    : new Map([...found, ...(await read(transaction, missing)).assignments]);
}

interface FoundRow {
  readonly assignments: Buffer | null;
  readonly rule_set: string | null;
}

/** As one value, not one a column and row: printing and parsing them cost as much as finding them. */
async function read(
  transaction: Kysely<Schema>,
  wanted: readonly WantedStatus[],
): Promise<FoundAssignments> {
  const { rows } = await sql<FoundRow>`
    /* prepared: read_assignments */
    select string_agg(record_send(row(wanted.place::int, nextval('log_scores_id_seq'), ss.id, ss.ctid, ss.server_id,
      ss.score_raw, ss.score_ts, ss.counted_batches, s.removed_on, s.offset_ns)), ''::bytea) as assignments,
      (select name || '/' || version from rule_set_activations order by sequence desc limit 1) as rule_set
    from unnest(
      ${arrayOf(wanted, ({ submission }) => submission.monitor.id)}::bigint[],
      ${arrayOf(wanted, ({ status }) => status.status.address.text)}::inet[],
      ${arrayOf(wanted, ({ status }) => status.status.port)}::int[]
    ) with ordinality as wanted (monitor_id, ip, port, place)
    join servers s on s.ip = wanted.ip and s.port = wanted.port
    join server_scores ss on ss.server_id = s.id and ss.monitor_id = wanted.monitor_id`.execute(
    transaction,
  );
  const [row] = rows;
  const assignments = new Map<StatusToStore, HeldAssignment>();
  const bytes = row?.assignments ?? NOTHING;
  for (const [place, assignment] of decodeRecords(bytes, ASSIGNMENT_COLUMNS, readAssignment)) {
    const status = wanted[place - 1]?.status;
    if (status !== undefined) assignments.set(status, assignment);
  }
  return { assignments, ruleSet: row?.rule_set ?? undefined };
}

const NOTHING = Buffer.alloc(0);
const ASSIGNMENT_COLUMNS = 10;

/** The values of a row of `read_assignments`, in its order. */
function readAssignment(from: RecordReader): readonly [place: number, assignment: HeldAssignment] {
  const place = present(from.int4());
  const assignment = {
    resultId: present(from.int8()),
    id: present(from.int8()),
    tid: present(from.tid()),
    serverId: present(from.int8()),
    score: present(from.float8()),
    scoreAtUs: from.timestamptzUs(),
    countedBatches: present(from.text()),
    removedAtUs: from.timestamptzUs(),
    serverOffsetNs: from.int8(),
  };
  return [place, assignment];
}

function present<Value>(value: Value | null): Value {
  assert(value !== null, "a column that is not null has a value");
  return value;
}

/** An array as PostgreSQL reads it, of values that need no quotes: numbers and addresses. */
function arrayOf<Item>(
  items: readonly Item[],
  value: (item: Item) => bigint | number | string,
): string {
  return `{${items.map(value).join(",")}}`;
}

/** Their tickets say that they were. Paused, so that nothing is handed out for them; who assigns may change that. */
async function makeAssignments(
  transaction: Kysely<Schema>,
  missing: readonly WantedStatus[],
): Promise<bigint> {
  const made = await sql`
    insert into server_scores (server_id, monitor_id, status, score_raw)
    select s.id, wanted.monitor_id, 'paused', coalesce(s.score_raw, 0)
    from unnest(
      ${missing.map(({ submission }) => submission.monitor.id)}::bigint[],
      ${missing.map(({ status }) => status.status.address.text)}::inet[],
      ${missing.map(({ status }) => status.status.port)}::int[]
    ) as wanted (monitor_id, ip, port)
    join servers s on s.ip = wanted.ip and s.port = wanted.port
    order by s.id, wanted.monitor_id
    on conflict (server_id, monitor_id) do nothing`.execute(transaction);
  return made.numAffectedRows ?? 0n;
}

/**
 * Results whose time was counted before for the same server. Only one that is no newer than the newest can be; and as its
 * monitor is locked, what this sees cannot change.
 */
export async function repeatedTimes(
  transaction: Kysely<Schema>,
  submissions: readonly SubmissionToStore[],
  assignments: Assignments,
): Promise<ReadonlySet<StatusToStore>> {
  const suspects = submissions.flatMap(({ monitor, statuses }) =>
    statuses.flatMap((each) => {
      const assignment = assignments.get(each);
      const { atUs } = each;
      const newestUs = assignment?.scoreAtUs ?? null;
      if (assignment === undefined || newestUs === null || atUs > newestUs) return [];
      return [{ each, atUs, monitorId: monitor.id, serverId: assignment.serverId }];
    }),
  );
  if (suspects.length === 0) return new Set();
  const { rows } = await sql<{ readonly place: number }>`
    select suspect.place::int as place
    from unnest(
      ${suspects.map(({ monitorId }) => monitorId)}::bigint[],
      ${suspects.map(({ serverId }) => serverId)}::bigint[],
      ${suspects.map(({ atUs }) => timestamptzFromUnixUs(atUs))}::timestamptz[]
    ) with ordinality as suspect (monitor_id, server_id, ts, place)
    join log_scores l on l.server_id = suspect.server_id and l.ts = suspect.ts
      and l.monitor_id = suspect.monitor_id`.execute(transaction);
  const repeated = rows.flatMap(({ place }) => suspects[place - 1]?.each ?? []);
  return new Set(repeated);
}
