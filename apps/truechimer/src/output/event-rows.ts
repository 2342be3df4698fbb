// The list of events.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { faultWord, isoOf, msOf, verdictWord } from "./api-words.ts";
import { faultJson, faultLines } from "./fault-lines.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printEvents(
  printer: Printer,
  events: readonly adminV1.Event[],
): Promise<void> {
  const columns: readonly Column<adminV1.Event>[] = [
    { title: "time", text: ({ at }) => instantText(msOf(at) ?? 0) },
    { title: "what", text: ({ kind }) => kind.replaceAll("_", " ") },
    { title: "", text: ({ text }) => printable(text) },
  ];
  await printer.table({ columns, rows: events, json: eventJson, empty: "nothing has changed yet" });
  const newest = events.find(({ evidence }) => evidence.length > 0);
  if (newest === undefined || printer.format === "json") return;
  const at = instantText(msOf(newest.at) ?? 0);
  printer.line("");
  printer.line(printer.style.dim(`Who saw the newest fault, of ${at}:`));
  for (const line of faultLines(newest.evidence, printer)) printer.line(line);
}

function eventJson(event: adminV1.Event): Record<string, unknown> {
  return {
    id: event.id,
    at: isoOf(event.at),
    kind: event.kind,
    server_id: event.serverId ?? null,
    server: event.serverName,
    monitor_id: event.monitorId ?? null,
    monitor: event.monitorName,
    verdict_before: verdictWord(event.verdictBefore),
    verdict_after: verdictWord(event.verdictAfter),
    reason: event.reason,
    text: event.text,
    rule_set: event.ruleSet,
    fault_before: faultWord(event.faultBefore),
    fault_after: faultWord(event.faultAfter),
    evidence: event.evidence.map(faultJson),
  };
}
