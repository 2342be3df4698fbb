// The tables of an archive in ClickHouse, and rows for them. Plain types that every release has had since 2018, so that
// the oldest server in use takes them: instants are whole microseconds or nanoseconds since 1970. A row that was written
// twice is one row once ClickHouse has merged its parts; until then `final`, or `limit 1 by id`, leaves one.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { ArchivedEvent } from "../archived-event.ts";
import type { ArchivedResult } from "../archived-result.ts";
import type { ArchivedTraceroute } from "../archived-traceroute.ts";

/** A month a part: some 400 million rows of the whole NTP Pool. Within it by day, and within that by server. */
const ENGINE = "engine = ReplacingMergeTree partition by toYYYYMM(day) order by";

export const CLICKHOUSE_TABLES: readonly string[] = [
  `create table if not exists results (
    id Int64,
    day Date,
    ts_us Int64,
    at DateTime alias toDateTime(intDiv(ts_us, 1000000)),
    server_id Int64,
    server_address String,
    server_name String,
    monitor_id Int64,
    monitor_name String,
    is_score UInt8,
    score_before Nullable(Float64),
    step Float64,
    score Float64,
    rule String,
    offset_ns Nullable(Int64),
    bound_ns Nullable(Int64),
    rtt_ns Nullable(Int64),
    stratum Nullable(UInt8),
    leap Nullable(UInt8),
    reason String,
    no_response UInt8,
    samples_sent UInt16,
    samples_answered UInt16,
    has_evidence UInt8,
    attributes String,
    root_delay_ns Nullable(Int64),
    root_dispersion_ns Nullable(Int64),
    precision_log2 Nullable(Int8),
    poll_log2 Nullable(Int8),
    reference_id String,
    selected_exchange Nullable(UInt8),
    exchange_t1_ns Array(Int64),
    exchange_t2_ns Array(Int64),
    exchange_t3_ns Array(Int64),
    exchange_t4_ns Array(Int64),
    exchange_reason Array(String)
  ) ${ENGINE} (day, server_id, ts_us, id)`,
  `create table if not exists traceroutes (
    id Int64,
    day Date,
    ts_us Int64,
    at DateTime alias toDateTime(intDiv(ts_us, 1000000)),
    server_id Nullable(Int64),
    address String,
    port UInt16,
    monitor_id Int64,
    monitor_name String,
    reached UInt8,
    reason String,
    hops String
  ) ${ENGINE} (day, address, ts_us, id)`,
  `create table if not exists events (
    id Int64,
    day Date,
    ts_us Int64,
    at DateTime alias toDateTime(intDiv(ts_us, 1000000)),
    kind String,
    server_id Nullable(Int64),
    server_name String,
    monitor_id Nullable(Int64),
    monitor_name String,
    verdict_before String,
    verdict_after String,
    reason String,
    text String,
    fault_before Nullable(String),
    fault_after Nullable(String),
    rule_set String,
    evidence String
  ) ${ENGINE} (day, ts_us, id)`,
];

type Row = Readonly<Record<string, unknown>>;

export function resultRow({ row, evidence }: ArchivedResult): Row {
  const { exchanges = [], header } = evidence ?? {};
  return {
    ...placeInTime(row),
    server_id: String(row.server_id),
    server_address: row.server_address,
    server_name: row.server_name,
    monitor_id: String(row.monitor_id),
    monitor_name: row.monitor_name,
    is_score: Number(row.is_score),
    score_before: row.score_before,
    step: row.step,
    score: row.score,
    rule: row.rule,
    offset_ns: wholeOf(row.offset_ns),
    bound_ns: wholeOf(row.bound_ns),
    rtt_ns: wholeOf(row.rtt_ns),
    stratum: row.stratum,
    leap: row.leap,
    reason: row.reason ?? "",
    no_response: Number(row.no_response),
    samples_sent: row.samples_sent,
    samples_answered: row.samples_answered,
    has_evidence: Number(row.has_evidence),
    attributes: row.attributes ?? "",
    root_delay_ns: wholeOf(header?.rootDelayNs),
    root_dispersion_ns: wholeOf(header?.rootDispersionNs),
    precision_log2: header?.precisionLog2 ?? null,
    poll_log2: header?.pollLog2 ?? null,
    reference_id: header?.referenceId ?? "",
    selected_exchange: evidence?.selectedIndex ?? null,
    exchange_t1_ns: exchanges.map(({ t1Ns }) => stampOf(t1Ns)),
    exchange_t2_ns: exchanges.map(({ t2Ns }) => stampOf(t2Ns)),
    exchange_t3_ns: exchanges.map(({ t3Ns }) => stampOf(t3Ns)),
    exchange_t4_ns: exchanges.map(({ t4Ns }) => stampOf(t4Ns)),
    exchange_reason: exchanges.map(({ reason }) => reason),
  };
}

export function tracerouteRow(path: ArchivedTraceroute): Row {
  return {
    ...placeInTime(path),
    server_id: wholeOf(path.server_id),
    address: path.address,
    port: path.port,
    monitor_id: String(path.monitor_id),
    monitor_name: path.monitor_name,
    reached: Number(path.reached),
    reason: path.reason ?? "",
    hops: path.hops,
  };
}

export function eventRow({ at, ...event }: ArchivedEvent): Row {
  return {
    ...placeInTime({ id: event.id, ts: at }),
    kind: event.kind,
    server_id: wholeOf(event.server_id),
    server_name: event.server_name,
    monitor_id: wholeOf(event.monitor_id),
    monitor_name: event.monitor_name,
    verdict_before: event.verdict_before ?? "",
    verdict_after: event.verdict_after ?? "",
    reason: event.reason,
    text: event.text,
    fault_before: event.fault_before,
    fault_after: event.fault_after,
    rule_set: event.verdict_rules ?? "",
    evidence: event.evidence ?? "",
  };
}

const NS_PER_US = 1_000n;

function placeInTime({ id, ts }: { readonly id: bigint; readonly ts: Timestamptz }): Row {
  return {
    id: String(id),
    day: ts.slice(0, 10),
    ts_us: String(nsFromTimestamptz(ts) / NS_PER_US),
  };
}

/** As text: a number of JSON does not hold 64 bits. */
function wholeOf(value: bigint | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** 0: there is none. */
function stampOf(value: bigint | undefined): string {
  return String(value ?? 0n);
}
