// The audit trail.

import type { peopleV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf } from "./api-words.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

export async function printAuditEntries(
  printer: Printer,
  entries: readonly peopleV1.AuditEntry[],
): Promise<void> {
  const columns: readonly Column<peopleV1.AuditEntry>[] = [
    { title: "no", text: ({ sequence }) => String(sequence) },
    { title: "time", text: ({ at }) => instantText(msOf(at) ?? 0) },
    { title: "who", text: ({ actorName }) => printable(actorName) },
    { title: "what", text: ({ act }) => act.replaceAll("_", " ") },
    { title: "to", text: ({ object }) => printable(object) },
    { title: "before", text: ({ beforeJson }) => printable(beforeJson) || "–" },
    { title: "since", text: ({ afterJson }) => printable(afterJson) || "–" },
  ];
  await printer.table({
    columns,
    rows: entries,
    json: entryJson,
    empty: "nobody did anything yet",
  });
}

function entryJson(entry: peopleV1.AuditEntry): Record<string, unknown> {
  return {
    sequence: entry.sequence,
    at: isoOf(entry.at),
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    actor: entry.actorName,
    act: entry.act,
    object: entry.object,
    before: entry.beforeJson === "" ? null : entry.beforeJson,
    after: entry.afterJson === "" ? null : entry.afterJson,
    hash: entry.hash,
  };
}
