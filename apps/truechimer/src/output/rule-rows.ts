// Rule sets, and what a trial of one found.

import type { rulesV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf, verdictWord } from "./api-words.ts";
import { scoreText } from "./score-text.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";
import { verdictText } from "./verdict-style.ts";

export async function printRuleSets(
  printer: Printer,
  { ruleSets, activations }: rulesV1.ListRuleSetsResponse,
): Promise<void> {
  const since = new Map(activations.toReversed().map(({ id, at }) => [id, at]));
  const columns: readonly Column<rulesV1.RuleSet>[] = [
    { title: "rule set", text: ({ id }) => printable(id) },
    { title: "in force", text: ({ id, active }) => (active ? sinceText(since.get(id)) : "") },
    {
      title: "by",
      text: ({ builtIn, createdBy }) => (builtIn ? "built in" : printable(createdBy)),
    },
    { title: "about", text: ({ about }) => printable(about) },
  ];
  await printer.table({
    columns,
    rows: ruleSets,
    json: (set) => ({
      id: set.id,
      about: set.about,
      active: set.active,
      built_in: set.builtIn,
      created_at: isoOf(set.createdAt),
      created_by: set.createdBy,
    }),
    empty: "there is no rule set",
  });
}

function sinceText(at: rulesV1.RuleSetActivation["at"]): string {
  return at === undefined ? "from the beginning" : `since ${atText(at)}`;
}

export async function printTrial(
  printer: Printer,
  { activeId, triedId, effect, differences }: rulesV1.TrialResult,
): Promise<void> {
  printer.line(
    `${printer.style.bold(triedId)} against ${activeId}, ${rangeText(effect)}: ${effect?.serversVerdictDiffers ?? 0} of ${effect?.servers ?? 0} servers would have had another verdict, ${effect?.serversScoreDiffers ?? 0} another score`,
  );
  const columns: readonly Column<rulesV1.ServerDifference>[] = [
    { title: "server", text: ({ serverName }) => printable(serverName) },
    { title: "verdict", text: ({ verdict }) => verdictText(verdictWord(verdict), printer.style) },
    {
      title: "would be",
      text: ({ verdictTried }) => verdictText(verdictWord(verdictTried), printer.style),
    },
    { title: "other for", align: "right", text: ({ verdictDiffers }) => spanText(verdictDiffers) },
    {
      title: "first",
      text: ({ firstAt }) => atText(firstAt),
    },
    { title: "score", align: "right", text: ({ score }) => scoreText(score) },
    { title: "would be", align: "right", text: ({ scoreTried }) => scoreText(scoreTried) },
    {
      title: "at most",
      align: "right",
      text: ({ scoreDifference }) => differenceText(scoreDifference),
    },
    { title: "why", text: (row) => printable(row.textTried === "" ? row.why : row.textTried) },
  ];
  await printer.table({
    columns,
    rows: differences,
    json: differenceJson,
    empty: "nothing would differ",
  });
  const { scoresCompared = 0n, scoresReproduced = 0n } = effect ?? {};
  const exact =
    scoresCompared === scoresReproduced
      ? `all ${scoresCompared} stored scores come out exactly under the rules that made them`
      : `${scoresReproduced} of ${scoresCompared} stored scores come out exactly under the rules that made them: the rest is as inexact`;
  printer.line(printer.style.dim(`${effect?.results ?? 0n} checks replayed; ${exact}`));
}

export function printActivation(
  printer: Printer,
  activation: rulesV1.RuleSetActivation | undefined,
): void {
  if (activation === undefined) return;
  const { id, at, by, effect } = activation;
  printer.line(
    `${printer.style.bold(id)} is in force since ${at === undefined ? "now" : atText(at)}`,
  );
  printer.json({
    id,
    at: isoOf(at),
    by,
    servers: effect?.servers ?? 0,
    servers_verdict_differs: effect?.serversVerdictDiffers ?? 0,
    servers_score_differs: effect?.serversScoreDiffers ?? 0,
  });
}

function differenceJson(row: rulesV1.ServerDifference): unknown {
  return {
    server_id: row.serverId,
    server: row.serverName,
    verdict: verdictWord(row.verdict),
    verdict_tried: verdictWord(row.verdictTried),
    verdict_differs_s: Number(row.verdictDiffers?.seconds ?? 0n),
    first_at: isoOf(row.firstAt),
    text: row.text,
    text_tried: row.textTried,
    score: row.score ?? null,
    score_tried: row.scoreTried ?? null,
    score_difference: row.scoreDifference ?? null,
    score_difference_at: isoOf(row.scoreDifferenceAt),
    results: row.results,
    results_stepped_otherwise: row.resultsSteppedOtherwise,
    why: row.why,
  };
}

function rangeText(effect: rulesV1.TrialEffect | undefined): string {
  const { from, to } = effect ?? {};
  if (from === undefined || to === undefined) return "";
  return `${atText(from)} to ${atText(to)}`;
}

function differenceText(difference: number | undefined): string {
  if (difference === undefined) return "–";
  return `${difference > 0 ? "+" : "−"}${Math.abs(difference).toFixed(1)}`;
}

/** The two greatest units. */
function spanText(span: rulesV1.ServerDifference["verdictDiffers"]): string {
  const seconds = Number(span?.seconds ?? 0n);
  if (seconds === 0) return (span?.nanos ?? 0) > 0 ? "<1s" : "–";
  const units = [
    { name: "d", seconds: 86_400 },
    { name: "h", seconds: 3_600 },
    { name: "m", seconds: 60 },
    { name: "s", seconds: 1 },
  ];
  let rest = seconds;
  const parts: string[] = [];
  for (const { name, seconds: size } of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${name}`);
  }
  return parts.slice(0, 2).join(" ");
}

function atText(at: Parameters<typeof msOf>[0]): string {
  const atMs = msOf(at);
  return atMs === undefined ? "–" : instantText(atMs);
}
