// Which of the findings are asked for, and what is said of the others.

import { AppError } from "@truechimer/base";
import type { Finding, FoundServer } from "./finding.ts";
import { type ImportRow, serverRow } from "./import-row.ts";

/** As many as the largest pools have; more is most likely not what was meant. */
const IMPORT_SERVERS_MAX = 10_000;

export interface ImportPlan {
  /** Each target once, in the order of the file. */
  readonly wanted: readonly FoundServer[];
  readonly others: readonly ImportRow[];
}

/** Fails with limit_exceeded when there are too many servers for one import. */
export function planImport(findings: readonly Finding[]): ImportPlan {
  const wanted = new Map<string, FoundServer>();
  const others: ImportRow[] = [];
  for (const finding of findings) {
    if (finding.outcome !== "found") {
      others.push(otherRow(finding));
      continue;
    }
    const earlier = wanted.get(finding.target);
    if (earlier === undefined) wanted.set(finding.target, finding);
    else {
      const where = earlier.line === undefined ? "earlier" : `in line ${earlier.line}`;
      others.push(serverRow(finding, { outcome: "left_out", message: `is named ${where}, too` }));
    }
  }
  if (wanted.size > IMPORT_SERVERS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `the file names ${wanted.size} servers: at most ${IMPORT_SERVERS_MAX} are imported at once; split it`,
    );
  }
  return { wanted: [...wanted.values()], others };
}

function otherRow(finding: Exclude<Finding, FoundServer>): ImportRow {
  const { line, text: subject } = finding;
  const row = { line, subject, servers: [] };
  switch (finding.outcome) {
    case "bad":
      return { ...row, outcome: "refused", code: "bad_address", message: finding.message };
    case "left_out":
      return { ...row, outcome: "left_out", message: finding.message };
    case "passed_over":
      return { ...row, outcome: "passed_over" };
  }
}

/** A call takes 1,000 targets and 256 KiB (docs/reference/api.md); 500 of the longest names are 128 KiB. */
const BATCH_TARGETS_MAX = 500;
/** AddServers looks up 16 names at once, each for at most 5 s, all of them for 30 s: so many never run out of time. */
const BATCH_NAMES_MAX = 96;

/** The calls that the servers are asked for by. */
export function importBatches(wanted: readonly FoundServer[]): readonly (readonly FoundServer[])[] {
  const batches: FoundServer[][] = [];
  let batch: FoundServer[] = [];
  let names = 0;
  for (const found of wanted) {
    const isFull = batch.length >= BATCH_TARGETS_MAX || names >= BATCH_NAMES_MAX;
    if (batch.length === 0 || isFull) {
      batch = [];
      names = 0;
      batches.push(batch);
    }
    batch.push(found);
    if (found.address === undefined) names += 1;
  }
  return batches;
}
