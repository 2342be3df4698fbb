// The list of limits.

import { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import type { Column } from "./table.ts";

export async function printLimits(
  printer: Printer,
  limits: readonly adminV1.RateLimit[],
): Promise<void> {
  const { red } = printer.style;
  const columns: readonly Column<adminV1.RateLimit>[] = [
    { title: "limit", text: ({ name }) => name },
    { title: "at most", align: "right", text: ({ max }) => String(max) },
    { title: "within", text: withinText },
    { title: "each", text: ({ each }) => each },
    { title: "counted by", text: ({ scope }) => scopeWord(scope) },
    {
      title: "passed",
      align: "right",
      text: ({ passedLastHour }) => String(passedLastHour),
    },
    {
      title: "refused in an hour",
      align: "right",
      text: ({ refusedLastHour }) => (refusedLastHour === 0n ? "0" : red(String(refusedLastHour))),
    },
  ];
  await printer.table({ columns, rows: limits, json: limitJson, empty: "there are no limits" });
}

function withinText({ window, counts }: adminV1.RateLimit): string {
  if (window === undefined) return "at once";
  const seconds = Number(window.seconds);
  const span = seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
  return counts === adminV1.RateLimitUnit.FAILURES ? `${span}, failures` : span;
}

function scopeWord(scope: adminV1.RateLimitScope): "cluster" | "process" {
  return scope === adminV1.RateLimitScope.CLUSTER ? "cluster" : "process";
}

function unitWord(counts: adminV1.RateLimitUnit): string {
  switch (counts) {
    case adminV1.RateLimitUnit.REQUESTS:
      return "requests";
    case adminV1.RateLimitUnit.FAILURES:
      return "failures";
    case adminV1.RateLimitUnit.AT_ONCE:
      return "at_once";
    default:
      return "";
  }
}

function limitJson(limit: adminV1.RateLimit): Record<string, unknown> {
  return {
    name: limit.name,
    each: limit.each,
    counts: unitWord(limit.counts),
    max: limit.max,
    window_seconds: limit.window === undefined ? null : Number(limit.window.seconds),
    scope: scopeWord(limit.scope),
    passes_without_database: limit.passesWithoutDatabase,
    reason: limit.reason,
    without_database_reason: limit.withoutDatabaseReason,
    passed_last_hour: limit.passedLastHour,
    refused_last_hour: limit.refusedLastHour,
  };
}
