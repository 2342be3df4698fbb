// Servers as people see them, with their last day in 96 slots.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { nsFromTimestamptz, type Schema, type Timestamptz } from "@truechimer/database";
import {
  type Condition,
  compileCondition,
  serverReaders,
  splitCondition,
} from "@truechimer/filter";
import { type Kysely, type Selectable, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { conditionSql } from "../filter/condition-sql.ts";
import { SEEN_FAULTS, SERVER_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS, type ProbePolicy } from "../policy.ts";
import {
  durationFromMs,
  FAMILIES,
  FAULTS,
  offsetMessage,
  optionalField,
  optionalTimestamp,
  SERVER_STATES,
  timestampFrom,
  VERDICTS,
} from "./admin-message.ts";

export interface ServerSelection {
  /** Absent: all. */
  readonly ids?: readonly bigint[];
  readonly includeRemoved?: boolean;
  /** Of servers; what their rows do not say is looked at afterwards. Absent: all. */
  readonly filter?: Condition;
  /** Whether the last day comes with it: loss and scores by quarter of an hour. Default: yes. */
  readonly lastDay?: boolean;
}

const EVERYTHING: Condition = { kind: "constant", value: true };

const SLOT_NS = 900_000_000_000n;
const SLOTS = 96;

/** By name, then by id. */
export async function serverMessages(
  context: ServerContext,
  selection: ServerSelection = {},
): Promise<adminV1.Server[]> {
  const { kysely } = context.database;
  const { ids, includeRemoved = false, filter, lastDay: wantsLastDay = true } = selection;
  const split = splitCondition(filter ?? EVERYTHING, (column) => column in SERVER_FILTER_COLUMNS);
  if (ids?.length === 0) return [];
  const rows = await kysely
    .selectFrom("servers as s")
    .select(SERVER_COLUMNS)
    .select(SEEN_FAULTS.as("seen_faults"))
    .$if(ids !== undefined, (query) => query.where("id", "in", [...(ids ?? [])]))
    .where(conditionSql(split.asked, SERVER_FILTER_COLUMNS))
    .$if(!includeRemoved && ids === undefined, (query) => query.where("state", "<>", "removed"))
    .orderBy("name")
    .orderBy("id")
    .execute();
  const probe = await probePolicyFor(context.database, context.policy, false);
  const nowNs = context.clock.nowNs();
  const serverIds = rows.map(({ id }) => id);
  const lastDay = await loadLastDay(kysely, { serverIds: wantsLastDay ? serverIds : [], nowNs });
  const leaps = await loadAnnouncedLeaps(kysely, serverIds);
  const messages = rows.map((row) =>
    serverMessage(row, {
      nowNs,
      probe: row.lab ? context.policy.labProbe : probe,
      lastDay: lastDay.get(row.id),
      leaps: leaps.get(row.id) ?? [],
    }),
  );
  if (filter === undefined || split.whole) return messages;
  return messages.filter(compileCondition(filter, serverReaders));
}

const SERVER_COLUMNS = [
  "id",
  "name",
  "ip",
  "port",
  "ip_version",
  "lab",
  "state",
  "stratum",
  "reference_id",
  "score_raw",
  "score_ts",
  "verdict",
  "verdict_reason",
  "verdict_text",
  "verdict_since",
  "verdict_rules",
  "offset_ns",
  "bound_ns",
  "witnesses_fresh",
  "witnesses_against",
  "last_check_ts",
  "last_answer_ts",
  "created_on",
  "traced",
  "fault",
  "fault_cause",
  "fault_text",
  "fault_since",
] as const;

type ServerRow = Pick<Selectable<Schema["servers"]>, (typeof SERVER_COLUMNS)[number]> & {
  readonly seen_faults: string | null;
};

interface LastDay {
  readonly sparkline: readonly number[];
  readonly loss: number | undefined;
}

function serverMessage(
  row: ServerRow,
  more: {
    readonly nowNs: bigint;
    readonly probe: ProbePolicy;
    readonly lastDay: LastDay | undefined;
    readonly leaps: readonly AnnouncedLeap[];
  },
): adminV1.Server {
  const { nowNs, probe, lastDay, leaps } = more;
  const freshNs = BigInt(FRESH_INTERVALS * probe.checkIntervalMs) * 1_000_000n;
  const stale =
    row.last_check_ts === null || nowNs - nsFromTimestamptz(row.last_check_ts) > freshNs;
  return create(adminV1.ServerSchema, {
    id: row.id,
    name: row.name,
    address: row.ip,
    port: row.port,
    family: FAMILIES[row.ip_version],
    state: SERVER_STATES[row.state],
    verdict: VERDICTS[row.verdict],
    verdictReason: row.verdict_reason,
    verdictText: row.verdict_text,
    verdictSince: timestampFrom(row.verdict_since),
    verdictRuleSet: row.verdict_rules,
    ...offsetMessage(row.offset_ns, row.bound_ns),
    ...optionalField("score", row.score_raw),
    ...optionalTimestamp("scoreAt", row.score_ts),
    ...optionalField("stratum", row.stratum),
    referenceId: row.reference_id,
    ...optionalField("loss", lastDay?.loss),
    ...optionalTimestamp("lastSeenAt", row.last_answer_ts),
    ...optionalTimestamp("lastCheckAt", row.last_check_ts),
    witnessesFresh: row.witnesses_fresh,
    witnessesAgainst: row.witnesses_against,
    scoreSparkline: [...(lastDay?.sparkline ?? [])],
    addedAt: timestampFrom(row.created_on),
    checkInterval: durationFromMs(probe.checkIntervalMs),
    stale,
    lab: row.lab,
    traced: row.traced,
    ...(row.fault === "" ? {} : { fault: FAULTS[row.fault] }),
    faultCause: row.fault_cause,
    faultText: row.fault_text,
    seenFaults: row.seen_faults ?? "",
    ...optionalTimestamp("faultSince", row.fault_since),
    ...leapCounts(leaps, nowNs - freshNs),
  });
}

interface AnnouncedLeap {
  readonly server_id: bigint;
  readonly leap: number;
  readonly score_ts: Timestamptz;
}

/** Leap seconds that servers announced at their monitors' last checks (RFC 5905, figure 9): a handful, as a rule none. */
async function loadAnnouncedLeaps(
  kysely: Kysely<Schema>,
  serverIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly AnnouncedLeap[]>> {
  if (serverIds.length === 0) return new Map();
  const { rows } = await sql<AnnouncedLeap>`
    select server_id, leap, score_ts from server_scores
    where server_id = any(${serverIds}::bigint[]) and leap in (1, 2) and score_ts is not null
    `.execute(kysely);
  return Map.groupBy(rows, (row) => row.server_id);
}

function leapCounts(
  leaps: readonly AnnouncedLeap[],
  freshFromNs: bigint,
): { readonly leapInserts: number; readonly leapDeletes: number } {
  const fresh = leaps.filter(({ score_ts }) => nsFromTimestamptz(score_ts) >= freshFromNs);
  const leapInserts = fresh.filter(({ leap }) => leap === 1).length;
  return { leapInserts, leapDeletes: fresh.length - leapInserts };
}

interface SlotRow {
  readonly server_id: bigint;
  readonly slots: readonly bigint[];
  readonly scores: readonly (number | null)[];
  readonly sent: bigint;
  readonly answered: bigint;
  readonly checks: bigint;
  readonly without_answer: bigint;
}

async function loadLastDay(
  kysely: Kysely<Schema>,
  { serverIds, nowNs }: { readonly serverIds: readonly bigint[]; readonly nowNs: bigint },
): Promise<ReadonlyMap<bigint, LastDay>> {
  if (serverIds.length === 0) return new Map();
  const newest = nowNs / SLOT_NS;
  const oldest = newest - BigInt(SLOTS) + 1n;
  const from = Number((oldest * SLOT_NS) / 1_000_000_000n);
  const result = await sql<SlotRow>`
    select server_id, array_agg((extract(epoch from slot_ts) / 900)::int8 order by slot_ts) as slots,
      array_agg(score order by slot_ts) as scores, sum(samples_sent) as sent, sum(samples_answered) as answered,
      sum(checks) as checks, sum(checks_without_answer) as without_answer
    from server_slots
    where server_id = any(${serverIds}::bigint[]) and slot_ts >= to_timestamp(${from}::float8)
    group by server_id`.execute(kysely);
  return new Map(result.rows.map((row) => [row.server_id, lastDayOf(row, oldest)]));
}

function lastDayOf(row: SlotRow, oldest: bigint): LastDay {
  const sparkline = new Array<number>(SLOTS).fill(Number.NaN);
  for (const [index, slot] of row.slots.entries()) {
    const place = Number(slot - oldest);
    if (place >= 0 && place < SLOTS) sparkline[place] = row.scores[index] ?? Number.NaN;
  }
  return { sparkline, loss: lossOf(row) };
}

/** By samples; by checks where the agents do not count samples. */
function lossOf({ sent, answered, checks, without_answer }: SlotRow): number | undefined {
  if (sent > 0n) return 1 - Number(answered) / Number(sent);
  return checks > 0n ? Number(without_answer) / Number(checks) : undefined;
}
