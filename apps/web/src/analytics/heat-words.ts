// A heat map in words: who is to blame, and what one cell says.

import type { analyticsV1 } from "@truechimer/api";
import { offsetOf } from "../api/message.ts";
import { countOf, formatShare } from "../format/number.ts";
import { formatOffset, formatSpan } from "../format/offset.ts";
import { type HeatGrid, type HeatPlace, lossOf, suspectsOf } from "./heat-grid.ts";

/** Named at most; the rest is counted. */
const NAMES_MAX = 3;

/** Is it the server, the monitor, or the path? In a sentence or two. */
export function heatSentence(grid: HeatGrid): string {
  const { rows, columns, measure } = grid;
  if (rows.length === 0) return "No checks in this range.";
  const size = `${countOf(rows.length, "server")} by ${countOf(columns.length, "monitor")}`;
  const { servers, monitors, paths } = suspectsOf(grid);
  const pairs = paths.map((place) => pairName(grid, place));
  const parts = [
    blame(
      servers.map(({ name }) => name),
      "server",
      "for most of its monitors",
      "for most of their monitors",
    ),
    blame(
      monitors.map(({ name }) => name),
      "monitor",
      "from most servers",
      "from most servers",
    ),
    blame(pairs, "path", "alone", "each alone"),
  ].filter((part) => part !== "");
  return parts.length === 0
    ? `${size}: no server, monitor or path stands out with ${measure.limitText}.`
    : `${size}. With ${measure.limitText}: ${parts.join("; ")}.`;
}

function blame(names: readonly string[], noun: string, one: string, many: string): string {
  if (names.length === 0) return "";
  const shown = names.slice(0, NAMES_MAX).join(", ");
  const rest = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
  const nouns = names.length === 1 ? `the ${noun}` : `the ${noun}s`;
  return `${nouns} ${shown}${rest}, ${names.length === 1 ? one : many}`;
}

function pairName({ rows, columns }: HeatGrid, { row, column }: HeatPlace): string {
  return `${rows[row]?.name} from ${columns[column]?.name}`;
}

export interface CellFact {
  readonly term: string;
  readonly text: string;
  readonly title?: string;
}

/** What a cell says, fact by fact. */
export function cellFacts(figures: analyticsV1.CheckFigures | undefined): readonly CellFact[] {
  if (figures === undefined) return [{ term: "Checks", text: "none in this range" }];
  const offset = offsetOf(figures.offset);
  const text = offset === undefined ? undefined : formatOffset(offset.valueNs, offset.boundNs);
  const loss = lossOf(figures);
  return [
    {
      term: "Median offset",
      text: text?.text ?? "none measured",
      ...(text === undefined ? {} : { title: text.exact }),
    },
    {
      term: "Median size",
      text: figures.absOffsetNs === undefined ? "–" : formatSpan(figures.absOffsetNs),
      title: "Median of the offsets without their signs",
    },
    { term: "Round trip", text: figures.rttNs === undefined ? "–" : formatSpan(figures.rttNs) },
    { term: "Loss", text: loss === undefined ? "–" : formatShare(loss) },
    {
      term: "Checks",
      text: `${countOf(Number(figures.checks), "check")}, ${figures.failed === 0n ? "none" : figures.failed} failed`,
    },
  ];
}

/** For those who cannot see the cell. */
export function cellSentence(grid: HeatGrid, place: HeatPlace): string {
  const facts = cellFacts(grid.figuresAt(place));
  return `${pairName(grid, place)}: ${facts.map(({ term, text }) => `${term.toLowerCase()} ${text}`).join(", ")}`;
}
