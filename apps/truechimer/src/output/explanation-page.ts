// Why a score is what it is: the sentence, the votes, and the ledger, newest step first. Each check named here can be
// opened down to the packet.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, assignmentStatusWord, isoOf, msOf, verdictWord } from "./api-words.ts";
import { checkJson, rttText } from "./check-rows.ts";
import { arithmeticJson, arithmeticText, scoreText } from "./score-text.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printExplanation(
  printer: Printer,
  answer: adminV1.ExplainScoreResponse,
): Promise<void> {
  printer.json(explanationJson(answer));
  if (printer.format === "json") return;
  const { bold, dim } = printer.style;
  printer.line(bold(printable(answer.sentence)));
  printer.line(dim(`  rules ${answer.ruleSet}${scoredText(answer)}`));
  const { server } = answer;
  if (server !== undefined && server.verdictRuleSet !== "")
    printer.line(dim(`  verdict ${verdictWord(server.verdict)} by ${server.verdictRuleSet}`));
  if (answer.votes.length > 0) await printVotes(printer, answer);
  if (answer.ledger.length > 0) await printLedger(printer, answer);
}

function scoredText({ scoreAt }: adminV1.ExplainScoreResponse): string {
  const atMs = msOf(scoreAt);
  return atMs === undefined ? "" : `, scored ${instantText(atMs)}`;
}

async function printVotes(printer: Printer, answer: adminV1.ExplainScoreResponse): Promise<void> {
  const { bold, dim } = printer.style;
  const statuses = answer.votingStatuses.map(assignmentStatusWord).join(" and ");
  const lookback =
    answer.lookback === undefined ? "" : ` of the last ${Number(answer.lookback.seconds) / 60} min`;
  printer.line(`\n${bold("Votes")}  the latest results of ${statuses} monitors${lookback}`);
  const columns: readonly Column<adminV1.ScoreVote>[] = [
    { title: "  ", text: ({ chosen }) => (chosen ? "  →" : "") },
    { title: "score", align: "right", text: ({ check }) => scoreText(check?.score) },
    { title: "monitor", text: ({ check }) => printable(check?.monitorName ?? "") },
    { title: "status", text: ({ status }) => assignmentStatusWord(status) },
    { title: "round trip", align: "right", text: ({ check }) => rttText(check?.rttNs) },
    { title: "vote", text: ({ counted, reason }) => (counted ? "yes" : dim(refusalText(reason))) },
    { title: "check", align: "right", text: ({ check }) => String(check?.id ?? "–") },
  ];
  await printer.table({ columns, rows: answer.votes, json: String, empty: "" });
}

const REFUSALS: Readonly<Record<string, string>> = {
  status: "no: its status has no part",
  too_old: "no: too old",
  monitor_not_live: "no: the monitor is paused or gone",
};

function refusalText(reason: string): string {
  return REFUSALS[reason] ?? `no: ${reason}`;
}

async function printLedger(printer: Printer, answer: adminV1.ExplainScoreResponse): Promise<void> {
  const title = `Steps of ${printable(answer.ledgerMonitorName)}, newest first`;
  printer.line(`\n${printer.style.bold(title)}`);
  const columns: readonly Column<adminV1.LedgerStep>[] = [
    { title: "  time", text: ({ check }) => `  ${instantText(msOf(check?.at) ?? 0)}` },
    { title: "offset", align: "right", text: ({ check }) => apiOffsetText(check?.offset) },
    {
      title: "score",
      align: "right",
      text: ({ arithmetic }) => (arithmetic === undefined ? "–" : arithmeticText(arithmetic)),
    },
    { title: "rule", text: ({ arithmetic }) => printable(arithmetic?.ruleText ?? "") },
    { title: "check", align: "right", text: ({ check }) => String(check?.id ?? "–") },
  ];
  await printer.table({ columns, rows: answer.ledger, json: String, empty: "" });
}

function explanationJson(answer: adminV1.ExplainScoreResponse): Record<string, unknown> {
  return {
    server_id: answer.server?.id ?? null,
    server: answer.server?.name ?? "",
    score: answer.score ?? null,
    score_at: isoOf(answer.scoreAt),
    sentence: answer.sentence,
    rule_set: answer.ruleSet,
    reproduced: answer.reproduced,
    voting_statuses: answer.votingStatuses.map(assignmentStatusWord),
    lookback_seconds: answer.lookback === undefined ? null : Number(answer.lookback.seconds),
    votes: answer.votes.map(({ check, status, counted, chosen, reason }) => ({
      check: check && checkJson(check),
      status: assignmentStatusWord(status),
      counted,
      chosen,
      reason,
    })),
    ledger_monitor: answer.ledgerMonitorName,
    ledger: answer.ledger.map(({ check, arithmetic }) => ({
      check: check && checkJson(check),
      arithmetic: arithmetic && arithmeticJson(arithmetic),
    })),
  };
}
