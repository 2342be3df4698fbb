// The answers of a fleet as they come: a table that grows, or a JSON line each.

import { ConnectError } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import { formatDurationNs } from "@truechimer/base";
import { type AdminClient, codedAdminError } from "../admin-client.ts";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, isoOf } from "../output/api-words.ts";
import { rttText } from "../output/check-rows.ts";
import { printable } from "../output/style.ts";
import { hopAnswerJson } from "../output/traceroute-rows.ts";
import type { CheckNowTarget } from "./check-now-target.ts";

export interface PrintAnswersOptions {
  readonly client: AdminClient;
  readonly target: CheckNowTarget;
  readonly trace: boolean;
  readonly monitorsMax: number;
}

/** Wide enough for what stands below, so that a row that comes later lines up. */
const WIDTHS = { offset: 26, rtt: 12, stratum: 7 } as const;
const NAME_WIDTH_MAX = 40;
/** Longer than the control plane gives a fleet for its traceroutes. */
const QUESTION_TIMEOUT_MS = 60_000;

/** Resolves at the end of the question. */
export async function printAnswers(
  printer: Printer,
  { client, target, trace, monitorsMax }: PrintAnswersOptions,
): Promise<{ readonly asked: number; readonly answered: number }> {
  const kind = trace ? adminV1.OnDemandKind.TRACEROUTE : adminV1.OnDemandKind.NTP_CHECK;
  const request = { ...target, kind, monitorsMax };
  const events = client.checkNow(request, { timeoutMs: QUESTION_TIMEOUT_MS });
  let nameWidth = 0;
  let ended = { asked: 0, answered: 0 };
  try {
    for await (const { event } of events) {
      switch (event.case) {
        case "asked":
          nameWidth = printAsked(printer, event.value, trace);
          break;
        case "answer":
          if (trace) printPath(printer, event.value);
          else printAnswer(printer, event.value, nameWidth);
          break;
        case "ended":
          ended = event.value;
          printEnd(printer, event.value);
          break;
        default:
          break;
      }
    }
  } catch (error) {
    throw error instanceof ConnectError ? codedAdminError(error) : error;
  }
  return ended;
}

/** Gives the width of the names. */
function printAsked(
  printer: Printer,
  { requestId, monitors }: adminV1.CheckNowAsked,
  trace: boolean,
): number {
  printer.json({
    event: "asked",
    request_id: requestId,
    monitors: monitors.map(({ id, name }) => ({ id, name })),
  });
  const names = monitors.map(({ name }) => printable(name).length);
  const width = Math.min(NAME_WIDTH_MAX, Math.max("monitor".length, ...names));
  if (!trace && monitors.length > 0) {
    printer.line(
      printer.style.dim(row(width, ["monitor", "offset", "round trip", "stratum", "outcome"])),
    );
  }
  return width;
}

function printAnswer(printer: Printer, answer: adminV1.CheckNowAnswer, nameWidth: number): void {
  const { monitorName, offset, rttNs, stratum, reason } = answer;
  const { green, yellow } = printer.style;
  printer.json(answerJson(answer));
  printer.line(
    row(nameWidth, [
      printable(monitorName),
      apiOffsetText(offset),
      rttText(rttNs),
      stratum === undefined ? "–" : String(stratum),
      reason === "" ? green("ok") : yellow(reason),
    ]),
  );
}

function printPath(printer: Printer, answer: adminV1.CheckNowAnswer): void {
  const { bold, yellow } = printer.style;
  const { monitorName, reason, hops } = answer;
  printer.json(answerJson(answer));
  printer.line(`${bold(printable(monitorName))}${reason === "" ? "" : ` ${yellow(reason)}`}`);
  for (const { hopLimit, answers } of hops) {
    const seen = answers.map(
      ({ address, rttNs, network }) =>
        `${address} ${formatDurationNs(rttNs)}${network === undefined ? "" : printer.style.dim(` AS${network.number} ${printable(network.name)}`)}`,
    );
    printer.line(`  ${String(hopLimit).padStart(2)}  ${seen.length === 0 ? "*" : seen.join("  ")}`);
  }
}

function printEnd(printer: Printer, { asked, answered }: adminV1.CheckNowEnded): void {
  printer.json({ event: "ended", asked, answered });
  if (asked > 0) printer.line(printer.style.dim(`${answered} of ${asked} answered`));
}

function row(nameWidth: number, cells: readonly [string, string, string, string, string]): string {
  const [name, offset, rtt, stratum, outcome] = cells;
  return [
    name.padEnd(nameWidth),
    offset.padStart(WIDTHS.offset),
    rtt.padStart(WIDTHS.rtt),
    stratum.padStart(WIDTHS.stratum),
    outcome,
  ].join("  ");
}

function answerJson(answer: adminV1.CheckNowAnswer): Record<string, unknown> {
  return {
    event: "answer",
    at: isoOf(answer.answeredAt),
    monitor_id: answer.monitorId,
    monitor: answer.monitorName,
    offset_ns: answer.offset?.valueNs ?? null,
    bound_ns: answer.offset?.boundNs ?? null,
    rtt_ns: answer.rttNs ?? null,
    stratum: answer.stratum ?? null,
    leap: answer.leap ?? null,
    reason: answer.reason,
    hops: answer.hops.map(({ hopLimit, answers }) => ({
      hop_limit: hopLimit,
      answers: answers.map(hopAnswerJson),
    })),
  };
}
