// The two forms of the NTP Pool's score log: CSV and JSON. Fields, their order and their digits are its public
// repository's (ntppool/data-api), so that scripts that read them go on doing so.

import { csvLine } from "@truechimer/base";
import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { ScoreLog } from "./score-log.ts";

const NS_PER_SECOND = 1_000_000_000n;
const CSV_DIGITS = 9;
const JSON_DIGITS = 12;
const COLUMNS = [
  "ts_epoch",
  "ts",
  "offset",
  "step",
  "score",
  "monitor_id",
  "monitor_name",
  "leap",
  "error",
];

/** One line a step. `offset` in seconds; empty where there is none. */
export function scoreLogCsv({ rows }: ScoreLog): string {
  const lines = rows.map((row) =>
    csvLine([
      String(epochOf(row.ts)),
      `${row.ts.slice(0, 10)} ${row.ts.slice(11, 19)}`,
      row.offset_ns === null ? "" : decimal(secondsOf(row.offset_ns)),
      decimal(row.step),
      decimal(row.score),
      String(row.monitor_id),
      row.monitor_name,
      row.leap === null || row.leap === 0 ? "" : String(row.leap),
      row.error ?? "",
    ]),
  );
  return csvLine(COLUMNS) + lines.join("");
}

export function scoreLogJson({ address, rows, monitors }: ScoreLog): Record<string, unknown> {
  return {
    history: rows.map((row) => ({
      ts: epochOf(row.ts),
      ...(row.offset_ns === null ? {} : { offset: secondsOf(row.offset_ns) }),
      step: row.step,
      score: Number(row.score.toFixed(JSON_DIGITS)),
      monitor_id: Number(row.monitor_id),
    })),
    monitors: monitors.map((monitor) => ({
      id: Number(monitor.id),
      name: monitor.name,
      type: monitor.type,
      ts: monitor.ts === null ? "0001-01-01T00:00:00Z" : `${monitor.ts.slice(0, 19)}Z`,
      score: tenths(monitor.score),
      status: monitor.status,
    })),
    server: { ip: address },
  };
}

/** Unix seconds, rounded down. */
function epochOf(ts: Timestamptz): number {
  return Number(nsFromTimestamptz(ts) / NS_PER_SECOND);
}

function secondsOf(ns: bigint): number {
  return Number(ns) / 1e9;
}

/** As Go rounds: a half goes away from zero. */
function tenths(score: number): number {
  return (Math.sign(score) * Math.round(Math.abs(score) * 10)) / 10;
}

/** Nine digits after the point at most, and no zeros at the end. */
function decimal(value: number): string {
  const text = value.toFixed(CSV_DIGITS).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}
