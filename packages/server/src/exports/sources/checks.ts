// Checks as ListResults tells them, from memory where that has them.

import { adminV1 } from "@truechimer/api";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ListedRow } from "../../results/result-part.ts";
import { RESULTS_LIMITS } from "../../results/results-question.ts";
import type { ExportSource, ExportValue } from "../export-source.ts";
import { resultPages, resultsHorizon } from "../result-pages.ts";

/** What every table of rows of log_scores begins with. */
export const PAIR_VALUES: Readonly<
  Record<"at" | "server_id" | "server" | "monitor_id" | "monitor", (row: ListedRow) => ExportValue>
> = {
  at: ({ ts }) => ts,
  server_id: (row) => row.server_id,
  server: (row) => row.server_name,
  monitor_id: (row) => row.monitor_id,
  monitor: (row) => row.monitor_name ?? "",
};

export const CHECKS_SOURCE: ExportSource<ListedRow> = {
  table: "checks",
  method: adminV1.AdminService.method.listResults,
  permission: ADMIN_PERMISSIONS.listResults,
  values: {
    ...PAIR_VALUES,
    id: ({ id }) => id,
    offset_ns: (row) => row.offset_ns,
    // As everywhere, a bound without an offset is none.
    bound_ns: (row) => (row.offset_ns === null ? null : row.bound_ns),
    rtt_ns: (row) => row.rtt_ns,
    stratum: ({ stratum }) => stratum,
    leap: ({ leap }) => leap,
    reason: ({ reason }) => reason ?? "",
    step: ({ step }) => step,
    score: ({ score }) => score,
    has_evidence: (row) => row.has_evidence,
  },
  horizon: resultsHorizon,
  pages: (acting, question) =>
    resultPages(acting, question, { writtenBy: "monitor", rowsMax: RESULTS_LIMITS.pageOfExport }),
};
