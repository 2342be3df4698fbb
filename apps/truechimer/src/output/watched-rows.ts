// Checks as they come, a line each.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, isoOf, msOf } from "./api-words.ts";
import { checkJson, rttText } from "./check-rows.ts";
import { stepText } from "./score-text.ts";
import { printable } from "./style.ts";
import { instantText } from "./time-text.ts";

/** Names are cut to this, so that lines stay below each other. */
const NAME_WIDTH = 24;

/** What was missed comes before what is there. */
export function printWatched(
  printer: Printer,
  { checks, missed }: adminV1.WatchResultsResponse,
): void {
  if (missed !== undefined) {
    const count = missed.checks === 0n ? "checks" : `${missed.checks} checks`;
    const why =
      missed.reason === "slow" ? "they came faster than they were read" : "they came too long ago";
    printer.line(
      printer.style.yellow(`${count} are not shown: ${why}; "truechimer results" has them`),
    );
    printer.json({ event: "missed", reason: missed.reason, checks: missed.checks });
  }
  for (const watched of checks) printCheck(printer, watched);
}

function printCheck(
  printer: Printer,
  { check, serverName, acceptedAt }: adminV1.WatchedCheck,
): void {
  if (check === undefined) return;
  const { green, yellow, dim } = printer.style;
  const { reason } = check;
  const outcome = reason === "" ? green("ok") : yellow(reason);
  const cells = [
    dim(instantText(msOf(check.at) ?? 0)),
    nameCell(serverName),
    nameCell(check.monitorName),
    apiOffsetText(check.offset).padStart(22),
    rttText(check.rttNs).padStart(9),
    stepText(check.step).padStart(6),
    outcome,
  ];
  printer.line(cells.join("  "));
  const { server_id, ...rest } = checkJson(check);
  printer.json({
    event: "check",
    server_id,
    server: serverName,
    ...rest,
    accepted_at: isoOf(acceptedAt),
  });
}

function nameCell(name: string): string {
  return printable(name).slice(0, NAME_WIDTH).padEnd(NAME_WIDTH);
}
