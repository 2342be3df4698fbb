// The forms in which `truechimer results` writes checks. All but the table are written as they come.

import {
  type adminV1,
  EXPORTED_CHECK_COLUMNS,
  exportedCheck,
  exportedFields,
} from "@truechimer/api";
import { csvLine } from "@truechimer/base";
import type { CliContext } from "../cli-context.ts";
import { apiOffsetText, msOf } from "../output/api-words.ts";
import { rttText } from "../output/check-rows.ts";
import { scoreText, stepText } from "../output/score-text.ts";
import { printable } from "../output/style.ts";
import { type Column, tableLines } from "../output/table.ts";
import { instantText } from "../output/time-text.ts";

export type ResultsFormat = "table" | "csv" | "ndjson" | "json";
export type ResultsOrder = "newest" | "oldest";

export interface ResultsWriter {
  begin(): void;
  write(checks: readonly adminV1.ListedCheck[]): void;
  end(): void;
}

export function createResultsWriter(context: CliContext, format: ResultsFormat): ResultsWriter {
  switch (format) {
    case "table":
      return tableWriter(context);
    case "csv":
      return {
        begin: () => context.stdout(csvLine(EXPORTED_CHECK_COLUMNS)),
        write: (checks) =>
          context.stdout(checks.map((one) => csvLine(exportedFields(exportedCheck(one)))).join("")),
        end: () => undefined,
      };
    case "ndjson":
      return {
        begin: () => undefined,
        write: (checks) =>
          context.stdout(checks.map((one) => `${JSON.stringify(exportedCheck(one))}\n`).join("")),
        end: () => undefined,
      };
    case "json":
      return arrayWriter(context);
  }
}

/** One array, a line a check. */
function arrayWriter(context: CliContext): ResultsWriter {
  let separator = "\n";
  return {
    begin: () => context.stdout("["),
    write: (checks) => {
      for (const one of checks) {
        context.stdout(`${separator}${JSON.stringify(exportedCheck(one))}`);
        separator = ",\n";
      }
    },
    end: () => context.stdout("\n]\n"),
  };
}

function tableWriter(context: CliContext): ResultsWriter {
  const rows: adminV1.ListedCheck[] = [];
  const { green, yellow, dim } = context.style;
  const columns: readonly Column<adminV1.ListedCheck>[] = [
    { title: "check", align: "right", text: ({ check }) => String(check?.id) },
    { title: "time", text: ({ check }) => instantText(msOf(check?.at) ?? 0) },
    { title: "server", text: ({ serverName }) => printable(serverName) },
    { title: "monitor", text: ({ check }) => printable(check?.monitorName ?? "") },
    { title: "offset", align: "right", text: ({ check }) => apiOffsetText(check?.offset) },
    { title: "round trip", align: "right", text: ({ check }) => rttText(check?.rttNs) },
    {
      title: "outcome",
      text: ({ check }) => (check?.reason === "" ? green("ok") : yellow(check?.reason ?? "")),
    },
    { title: "step", align: "right", text: ({ check }) => stepText(check?.step ?? 0) },
    { title: "score", align: "right", text: ({ check }) => scoreText(check?.score ?? 0) },
  ];
  return {
    begin: () => undefined,
    write: (checks) => void rows.push(...checks),
    end: () => {
      if (rows.length === 0) return context.stdout("no such checks in this range\n");
      const [titles = "", ...lines] = tableLines(columns, rows);
      context.stdout(`${[dim(titles), ...lines].join("\n")}\n`);
    },
  };
}
