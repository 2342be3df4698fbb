// What the files of an archive have: a row for each result, path or event, in the order of server, instant and number.

import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { ParquetColumn, ParquetValue } from "../../parquet/parquet-file.ts";
import type { ArchivedEvent } from "../archived-event.ts";
import type { ArchivedResult } from "../archived-result.ts";
import type { ArchivedTraceroute } from "../archived-traceroute.ts";
import type { ArchiveTable } from "./part-name.ts";

const NS_PER_US = 1_000n;

interface Field<Row> {
  readonly column: ParquetColumn;
  readonly read: (row: Row) => ParquetValue;
}

function field<Row>(
  name: string,
  type: ParquetColumn["type"],
  read: (row: Row) => ParquetValue,
  more: Partial<Omit<ParquetColumn, "name" | "type">> = {},
): Field<Row> {
  const column = { name, type, nullable: false, hasBounds: false, isSteady: false, ...more };
  return { column, read };
}

const MAYBE = { nullable: true } as const;
const KEY = { hasBounds: true, isSteady: true } as const;

type Stamp = "t1Ns" | "t2Ns" | "t3Ns" | "t4Ns";

const RESULT_FIELDS: readonly Field<ArchivedResult>[] = [
  field("id", "int64", ({ row }) => row.id, KEY),
  field("at", "instant_us", ({ row }) => usOf(row.ts), KEY),
  field("server_id", "int64", ({ row }) => row.server_id, { hasBounds: true }),
  field("server_address", "text", ({ row }) => row.server_address),
  field("server_name", "text", ({ row }) => row.server_name),
  field("monitor_id", "int64", ({ row }) => row.monitor_id),
  field("monitor_name", "text", ({ row }) => row.monitor_name),
  field("is_score", "boolean", ({ row }) => row.is_score),
  field("score_before", "double", ({ row }) => row.score_before, MAYBE),
  field("step", "double", ({ row }) => row.step),
  field("score", "double", ({ row }) => row.score),
  field("rule", "text", ({ row }) => row.rule),
  field("offset_ns", "int64", ({ row }) => row.offset_ns, MAYBE),
  field("bound_ns", "int64", ({ row }) => row.bound_ns, MAYBE),
  field("rtt_ns", "int64", ({ row }) => row.rtt_ns, MAYBE),
  field("stratum", "int32", ({ row }) => row.stratum, MAYBE),
  field("leap", "int32", ({ row }) => row.leap, MAYBE),
  field("reason", "text", ({ row }) => row.reason ?? ""),
  field("no_response", "boolean", ({ row }) => row.no_response),
  field("samples_sent", "int32", ({ row }) => row.samples_sent),
  field("samples_answered", "int32", ({ row }) => row.samples_answered),
  field("has_evidence", "boolean", ({ row }) => row.has_evidence),
  field("attributes", "text", ({ row }) => row.attributes ?? ""),
  field("root_delay_ns", "int64", ({ evidence }) => evidence?.header?.rootDelayNs ?? null, MAYBE),
  field(
    "root_dispersion_ns",
    "int64",
    ({ evidence }) => evidence?.header?.rootDispersionNs ?? null,
    MAYBE,
  ),
  field(
    "precision_log2",
    "int32",
    ({ evidence }) => evidence?.header?.precisionLog2 ?? null,
    MAYBE,
  ),
  field("poll_log2", "int32", ({ evidence }) => evidence?.header?.pollLog2 ?? null, MAYBE),
  field("reference_id", "text", ({ evidence }) => evidence?.header?.referenceId ?? ""),
  field("selected_exchange", "int32", ({ evidence }) => evidence?.selectedIndex ?? null, MAYBE),
  field("exchange_t1_ns", "int64_list", stamps("t1Ns")),
  field("exchange_t2_ns", "int64_list", stamps("t2Ns")),
  field("exchange_t3_ns", "int64_list", stamps("t3Ns")),
  field("exchange_t4_ns", "int64_list", stamps("t4Ns")),
  field(
    "exchange_reason",
    "text_list",
    ({ evidence }) => evidence?.exchanges.map(({ reason }) => reason) ?? [],
  ),
  field("packets", "octets", ({ packets }) => packets, MAYBE),
];

const TRACEROUTE_FIELDS: readonly Field<ArchivedTraceroute>[] = [
  field("id", "int64", ({ id }) => id, KEY),
  field("at", "instant_us", ({ ts }) => usOf(ts), KEY),
  field("server_id", "int64", (row) => row.server_id, { nullable: true, hasBounds: true }),
  field("address", "text", ({ address }) => address),
  field("port", "int32", ({ port }) => port),
  field("monitor_id", "int64", (row) => row.monitor_id),
  field("monitor_name", "text", (row) => row.monitor_name),
  field("reached", "boolean", ({ reached }) => reached),
  field("reason", "text", ({ reason }) => reason ?? ""),
  field("hops", "text", ({ hops }) => hops),
];

const EVENT_FIELDS: readonly Field<ArchivedEvent>[] = [
  field("id", "int64", ({ id }) => id, KEY),
  field("at", "instant_us", ({ at }) => usOf(at), KEY),
  field("server_id", "int64", (row) => row.server_id, { nullable: true, hasBounds: true }),
  field("server_name", "text", (row) => row.server_name),
  field("monitor_id", "int64", (row) => row.monitor_id, MAYBE),
  field("monitor_name", "text", (row) => row.monitor_name),
  field("kind", "text", ({ kind }) => kind),
  field("verdict_before", "text", (row) => row.verdict_before, MAYBE),
  field("verdict_after", "text", (row) => row.verdict_after, MAYBE),
  field("reason", "text", ({ reason }) => reason),
  field("text", "text", ({ text }) => text),
  field("fault_before", "text", (row) => row.fault_before, MAYBE),
  field("fault_after", "text", (row) => row.fault_after, MAYBE),
  field("rule_set", "text", (row) => row.verdict_rules, MAYBE),
  field("evidence", "text", ({ evidence }) => evidence, MAYBE),
];

/** Rows of one table, as lists of values in the order of its columns. */
export type ValueRow = readonly ParquetValue[];

export const TABLE_COLUMNS: Readonly<Record<ArchiveTable, readonly ParquetColumn[]>> = {
  results: RESULT_FIELDS.map(({ column }) => column),
  traceroutes: TRACEROUTE_FIELDS.map(({ column }) => column),
  events: EVENT_FIELDS.map(({ column }) => column),
};

/** Places of the parts of the key, in every table. */
const [ID, AT, SERVER] = [0, 1, 2] as const;

export function resultRow(result: ArchivedResult): ValueRow {
  return RESULT_FIELDS.map(({ read }) => read(result));
}

export function tracerouteRow(path: ArchivedTraceroute): ValueRow {
  return TRACEROUTE_FIELDS.map(({ read }) => read(path));
}

export function eventRow(event: ArchivedEvent): ValueRow {
  return EVENT_FIELDS.map(({ read }) => read(event));
}

/** The order of rows in every file. 0: the same row. */
export function compareRows(a: ValueRow, b: ValueRow): number {
  return compare(a[SERVER], b[SERVER]) || compare(a[AT], b[AT]) || compare(a[ID], b[ID]);
}

/** Null before all others. */
function compare(a: ParquetValue | undefined, b: ParquetValue | undefined): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}

function usOf(instant: Timestamptz): bigint {
  return nsFromTimestamptz(instant) / NS_PER_US;
}

/** 0: there is none. */
function stamps(name: Stamp): (result: ArchivedResult) => readonly bigint[] {
  return ({ evidence }) => evidence?.exchanges.map((exchange) => exchange[name] ?? 0n) ?? [];
}
