// The ledger of steps: what the arithmetic of each monitor's score was given, exact as it is stored.

import { adminV1 } from "@truechimer/api";
import { sql } from "kysely";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ListedRow } from "../../results/result-part.ts";
import { RESULTS_LIMITS } from "../../results/results-question.ts";
import type { ExportSource } from "../export-source.ts";
import { type MoreColumns, resultPages, resultsHorizon, withColumns } from "../result-pages.ts";
import { PAIR_VALUES } from "./checks.ts";

interface StepColumns {
  readonly score_before: number | null;
  readonly rule: string;
  readonly no_response: boolean;
  readonly samples_sent: number;
  readonly samples_answered: number;
}

const COLUMNS: MoreColumns<StepColumns> = {
  columns: sql`l.score_before, l.rule, l.no_response, l.samples_sent, l.samples_answered`,
  archived: (details) => details,
};

export const STEPS_SOURCE: ExportSource<ListedRow & StepColumns> = {
  table: "steps",
  method: adminV1.AdminService.method.listResults,
  permission: ADMIN_PERMISSIONS.listResults,
  values: {
    ...PAIR_VALUES,
    id: ({ id }) => id,
    rule: ({ rule }) => rule,
    score_before: (row) => row.score_before,
    step: ({ step }) => step,
    score: ({ score }) => score,
    reason: ({ reason }) => reason ?? "",
    no_response: (row) => row.no_response,
    samples_sent: (row) => row.samples_sent,
    samples_answered: (row) => row.samples_answered,
  },
  horizon: resultsHorizon,
  pages: async function* (acting, question) {
    const pages = {
      writtenBy: "monitor",
      rowsMax: RESULTS_LIMITS.pageOfExport,
      details: "steps",
    } as const;
    for await (const rows of resultPages(acting, question, pages))
      yield await withColumns<StepColumns>(acting.database.kysely, rows, COLUMNS);
  },
};
