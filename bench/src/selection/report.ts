// The results as tables, beside what the NTP Pool's own selector did with the same generator.

import { comparisonOf, shown } from "./comparison.ts";
import type { ConvergenceRow, FigureRow, SelectionRow } from "./rows.ts";

export function reportSelection(rows: readonly SelectionRow[]): string {
  const convergence = rows.filter((row): row is ConvergenceRow => row.kind === "convergence");
  const figures = rows.filter((row): row is FigureRow => row.kind === "figure");
  return [
    comparisonTable(rows),
    INTRODUCTION,
    convergenceTable(convergence),
    ...figures.map(figureTable),
  ].join("\n");
}

const INTRODUCTION = `## To a fixed point

Random servers with 12 to 61 monitors, reviewed with the same measurements until nothing changes. *Bound*: the reviews that
the budgets (2 changes of a kind, 4 below five usable) leave at least. *Gap*: how far the sum of the active monitors'
priorities is above the least that the same limits allow, by a minimum-cost flow that shares nothing with the planner.
`;

function comparisonTable(rows: readonly SelectionRow[]): string {
  const head = "| | the NTP Pool's code | ours | budget |\n| --- | --- | --- | --- |";
  const lines = comparisonOf(rows).map(
    ({ what, pool, ours, budget, isMet }) =>
      `| ${what} | ${pool} | ${ours}${isMet ? "" : " ✗"} | ${budget} |`,
  );
  return `${[head, ...lines].join("\n")}\n\n✗ marks what misses its budget.\n`;
}

function convergenceTable(rows: readonly ConvergenceRow[]): string {
  const head = `| policy | configuration | scenarios | changed one twice | circles | not at rest | reviews, median / p95 | bound, median / p95 | reviews ÷ bound, mean / p95 | usable short | fell to zero | fewer usable than before | bad one active | gap, mean / greatest |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`;
  const lines = rows.map((row) => {
    const gap =
      row.gapMean === null || row.gapMax === null
        ? "–"
        : `${percent(row.gapMean)} / ${percent(row.gapMax)}`;
    return `| ${row.policy} | ${row.title} | ${row.scenarios.toLocaleString("en")} | ${row.doubled} | ${row.cycles} | ${row.notAtRest} | ${row.reviewsMedian} / ${row.reviewsP95} | ${row.boundMedian} / ${row.boundP95} | ${row.ratioMean.toFixed(2)} / ${row.ratioP95.toFixed(2)} | ${row.short} | ${row.fellToZero} | ${row.fewerUsable} | ${row.badActive} | ${gap} |`;
  });
  return `${[head, ...lines].join("\n")}\n`;
}

function figureTable({ title, figures }: FigureRow): string {
  const lines = Object.entries(figures).map(([name, value]) => `| ${name} | ${shown(value)} |`);
  return `## ${title}\n\n| | |\n| --- | --- |\n${lines.join("\n")}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
