// What came of an import, line by line, and in sum.

import type { Printer } from "../cli-context.ts";
import type { ImportFormat } from "../import/import-format-name.ts";
import type { ImportOutcome, ImportRow } from "../import/import-row.ts";
import { serverLabel } from "./server-label.ts";
import { printable } from "./style.ts";

const WORDS: Readonly<Record<ImportOutcome, string>> = {
  added: "added",
  existing: "known",
  would_add: "would add",
  refused: "refused",
  left_out: "left out",
  not_tried: "not tried",
  passed_over: "passed over",
};

export interface ImportReport {
  readonly rows: readonly ImportRow[];
  readonly format: ImportFormat;
  readonly dryRun: boolean;
  /** Also the lines that say nothing about servers. */
  readonly verbose: boolean;
}

/** In the order of the file. */
export async function printImport(printer: Printer, report: ImportReport): Promise<void> {
  const { format, dryRun, verbose } = report;
  const rows = report.rows
    .filter(({ outcome }) => verbose || outcome !== "passed_over")
    .toSorted((one, other) => lineOf(one) - lineOf(other));
  await printer.table({
    columns: [
      { title: "line", align: "right", text: ({ line }) => String(line ?? "–") },
      { title: "outcome", text: ({ outcome }) => outcomeCell(outcome, printer) },
      { title: "as", text: ({ namedAs }) => namedAs ?? "–" },
      { title: "server", text: ({ subject }) => printable(shortened(subject)) },
      { title: "more", text: (row) => printable(moreText(row)) },
    ],
    rows,
    json: rowJson,
    empty: "the file names no servers",
  });
  const counts = countsOf(report.rows);
  printer.line(summaryText(report, counts));
  printer.json({ outcome: "ended", input: format, dry_run: dryRun, ...counts });
}

/** What has no line comes last. */
const lineOf = ({ line }: ImportRow): number => line ?? Number.MAX_SAFE_INTEGER;

function outcomeCell(outcome: ImportOutcome, { style }: Printer): string {
  const word = WORDS[outcome];
  if (outcome === "added" || outcome === "would_add") return style.green(word);
  if (outcome === "refused" || outcome === "not_tried") return style.red(word);
  return style.dim(word);
}

/** A line of a file may be any length; what tells it from its neighbours is at its beginning. */
const SUBJECT_CHARACTERS_MAX = 60;

function shortened(text: string): string {
  return text.length > SUBJECT_CHARACTERS_MAX ? `${text.slice(0, SUBJECT_CHARACTERS_MAX)}…` : text;
}

const NTS_NOTE = "asks for NTS: watched by plain NTP";
/** A name has up to 16 addresses; the first few are enough to recognise it. */
const LABELS_MAX = 3;

function moreText({ servers, label, nts, message, code }: ImportRow): string {
  const labels = servers.slice(0, LABELS_MAX).map(serverLabel);
  const rest = servers.length - labels.length;
  const watched = rest > 0 ? `${labels.join(", ")} and ${rest} more` : labels.join(", ");
  const reason = message === undefined || code === undefined ? message : `${message} (${code})`;
  const notes = [watched, reason, label === undefined ? "" : `"${shortened(label)}"`];
  if (nts === true && code === undefined) notes.push(NTS_NOTE);
  return notes.filter((note) => note !== undefined && note !== "").join("; ");
}

function rowJson(row: ImportRow): Record<string, unknown> {
  const { outcome, line, namedAs, subject, nts, label, servers, code, message } = row;
  const place = { outcome, line: line ?? null };
  const problem = {
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  };
  if (namedAs === undefined) return { ...place, text: shortened(subject), ...problem };
  return {
    ...place,
    named_as: namedAs,
    target: subject,
    nts: nts === true,
    ...(label !== undefined && { label }),
    servers: servers.map(({ id, name, address, port }) => ({ id, name, address, port })),
    ...problem,
  };
}

/** By outcome: servers where there are any, else lines. */
type Counts = Readonly<Record<ImportOutcome, number>>;

function countsOf(rows: readonly ImportRow[]): Counts {
  const counts = Object.fromEntries(Object.keys(WORDS).map((word) => [word, 0])) as Record<
    ImportOutcome,
    number
  >;
  for (const { outcome } of rows) counts[outcome] += 1;
  return counts;
}

function summaryText({ format, dryRun, verbose }: ImportReport, counts: Counts): string {
  const outcomes = Object.entries(counts) as readonly [ImportOutcome, number][];
  const told = outcomes.flatMap(([outcome, count]) =>
    count > 0 ? [`${count} ${WORDS[outcome]}`] : [],
  );
  const sums = `read as ${format}: ${told.length === 0 ? "nothing" : told.join(", ")}`;
  const hidden =
    !verbose && counts.passed_over > 0 ? " (--verbose shows what was passed over)" : "";
  const dry = dryRun
    ? ". Nothing was changed; whether a name has addresses is seen by the import alone"
    : "";
  return `${sums}${hidden}${dry}`;
}
