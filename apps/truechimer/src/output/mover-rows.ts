// Servers that have grown worse, and how the scores are distributed.

import { analyticsV1 } from "@truechimer/api";
import { formatDurationNs, formatOffset } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText } from "./api-words.ts";
import { figuresJson } from "./figures-columns.ts";
import { printRange, rangeJson } from "./range-line.ts";
import { lossText } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

/** A line for each mover; for people the scores below. */
export async function printMovers(
  printer: Printer,
  answer: analyticsV1.GetMoversResponse,
): Promise<void> {
  const columns: readonly Column<analyticsV1.Mover>[] = [
    { title: "server", text: ({ serverName }) => printable(serverName) },
    { title: "grown by", align: "right", text: (mover) => changeText(answer.measure, mover) },
    { title: "offset before", align: "right", text: ({ before }) => apiOffsetText(before?.offset) },
    { title: "offset after", align: "right", text: ({ after }) => apiOffsetText(after?.offset) },
    { title: "checks", align: "right", text: ({ after }) => String(after?.checks ?? 0n) },
  ];
  await printer.table({
    columns,
    rows: answer.movers,
    json: (mover) => ({
      server_id: mover.serverId,
      server: mover.serverName,
      change: mover.change,
      change_bound: mover.changeBound ?? null,
      before: figuresJson(mover.before),
      after: figuresJson(mover.after),
      ...rangeJson(answer.range),
    }),
    empty: "nothing has grown",
  });
  if (printer.format === "json") return;
  const { serversCompared, serversNotCompared } = answer;
  printer.line(
    printer.style.dim(
      `${serversCompared} servers compared, ${serversNotCompared} not: no value in one of the times`,
    ),
  );
  await printer.table({
    columns: SCORE_COLUMNS,
    rows: answer.scores.filter(({ servers }) => servers > 0),
    json: () => null,
    empty: "no server was scored in this span of time",
  });
  printRange(printer, answer.range);
}

const SCORE_COLUMNS: readonly Column<analyticsV1.ScoreBin>[] = [
  { title: "score from", align: "right", text: ({ from }) => scoreText(from) },
  { title: "to", align: "right", text: ({ to }) => scoreText(to) },
  { title: "servers", align: "right", text: ({ servers }) => String(servers) },
  { title: "were below 10", align: "right", text: ({ dipped }) => String(dipped) },
];

function scoreText(score: number): string {
  return String(score).replace("-", "−");
}

function changeText(
  measure: analyticsV1.Measure,
  { change, changeBound }: analyticsV1.Mover,
): string {
  if (measure === analyticsV1.Measure.LOSS) return `+${lossText(change)}`;
  const whole = BigInt(Math.round(change));
  return changeBound === undefined
    ? `+${formatDurationNs(whole)}`
    : formatOffset(whole, BigInt(Math.round(changeBound)));
}
