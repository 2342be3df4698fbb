// The overall scores: rows of log_scores that scorers wrote beside those of the monitors.

import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ListedRow } from "../../results/result-part.ts";
import { RESULTS_LIMITS } from "../../results/results-question.ts";
import type { ExportSource } from "../export-source.ts";
import { type MoreColumns, resultPages, resultsHorizon, withColumns } from "../result-pages.ts";

interface ScoreColumns {
  readonly caused_by_id: bigint | null;
  readonly chosen_id: bigint | null;
}

const COLUMNS: MoreColumns<ScoreColumns> = {
  columns: sql`(l.attributes ->> 'from_ls_id')::bigint as caused_by_id, (l.attributes ->> 'chosen_ls_id')::bigint as chosen_id`,
  archived: ({ attributes }) => {
    const { from_ls_id: cause, chosen_ls_id: chosen } = JSON.parse(attributes ?? "{}") as {
      readonly from_ls_id?: number;
      readonly chosen_ls_id?: number;
    };
    return {
      caused_by_id: cause === undefined ? null : BigInt(cause),
      chosen_id: chosen === undefined ? null : BigInt(chosen),
    };
  },
};

export const SCORES_SOURCE: ExportSource<ListedRow & ScoreColumns> = {
  table: "scores",
  method: adminV1.AdminService.method.listResults,
  permission: ADMIN_PERMISSIONS.listResults,
  values: {
    id: ({ id }) => id,
    at: ({ ts }) => ts,
    server_id: (row) => row.server_id,
    server: (row) => row.server_name,
    scorer_id: (row) => row.monitor_id,
    scorer: (row) => row.monitor_name ?? "",
    score: ({ score }) => score,
    step: ({ step }) => step,
    caused_by_id: (row) => row.caused_by_id,
    chosen_id: (row) => row.chosen_id,
  },
  horizon: resultsHorizon,
  pages: async function* (acting, question) {
    const pages = {
      writtenBy: "score",
      rowsMax: RESULTS_LIMITS.pageOfExport,
      details: "steps",
    } as const;
    for await (const rows of resultPages(acting, question, pages))
      yield await withColumns<ScoreColumns>(acting.database.kysely, rows, COLUMNS);
  },
};
