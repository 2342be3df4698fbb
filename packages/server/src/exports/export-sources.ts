// All that can be exported.

import { type AnyExportSource, anyExportSource } from "./export-source.ts";
import { AUDIT_SOURCE } from "./sources/audit.ts";
import { CHECKS_SOURCE } from "./sources/checks.ts";
import { EXCHANGES_SOURCE } from "./sources/exchanges.ts";
import { SCORES_SOURCE } from "./sources/scores.ts";
import { STEPS_SOURCE } from "./sources/steps.ts";
import { VERDICTS_SOURCE } from "./sources/verdicts.ts";

export const EXPORT_SOURCES: readonly AnyExportSource[] = [
  anyExportSource(CHECKS_SOURCE),
  anyExportSource(EXCHANGES_SOURCE),
  anyExportSource(STEPS_SOURCE),
  anyExportSource(SCORES_SOURCE),
  anyExportSource(VERDICTS_SOURCE),
  anyExportSource(AUDIT_SOURCE),
];
