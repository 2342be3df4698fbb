// The results as tables, beside what the NTP Pool's own selector did with the same generator.

import type { ConvergenceRow, FigureRow, SelectionRow } from "./selection.ts";

export function reportSelection(rows: readonly SelectionRow[]): string {
  const convergence = rows.filter((row): row is ConvergenceRow => row.kind === "convergence");
  const figures = rows.filter((row): row is FigureRow => row.kind === "figure");
  return `${INTRODUCTION}
${convergenceTable(convergence)}
${figures.map(figureTable).join("\n")}`;
}

const INTRODUCTION = `Random servers with 12 to 61 monitors, reviewed with the same measurements until nothing changes. *Bound*: the reviews that
the budgets (2 changes of a kind, 4 below five usable) leave at least. *Gap*: how far the sum of the active monitors'
priorities is above the least that the same limits allow, by a minimum-cost flow that shares nothing with the planner.

The NTP Pool's code with this generator: 15 to 33 % of reviews change a monitor twice; 0.05 to 17 % of scenarios circle for
ever; 12 / 16–18 reviews to a fixed point (8 / 11 in the last configuration); up to 4.5 % end with fewer usable ones than
possible; up to 0.25 % fall to zero; its gap is 0.9 % with networks of one's own and 8 % with shared ones, from random starts.
`;

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
  const lines = Object.entries(figures).map(([name, value]) => `| ${name} | ${figure(value)} |`);
  return `## ${title}\n\n| | |\n| --- | --- |\n${lines.join("\n")}\n`;
}

function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toFixed(value < 0.1 ? 3 : 2);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
