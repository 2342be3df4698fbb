// The list of monitors.

import type { adminV1 } from "@truechimer/api";
import { formatOffset, unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { familyWord, isoOf, monitorStatusWord, msOf } from "./api-words.ts";
import { agoCell } from "./server-rows.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";

const NONE_YET = "no monitor is known: an agent registers one for each IP family that it has";

export async function printMonitors(
  printer: Printer,
  monitors: readonly adminV1.Monitor[],
  nowNs: bigint,
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const { green, red } = printer.style;
  const columns: readonly Column<adminV1.Monitor>[] = [
    { title: "id", align: "right", text: ({ id }) => String(id) },
    { title: "monitor", text: ({ name }) => printable(name) },
    { title: "address", text: ({ address }) => address },
    { title: "status", text: ({ status }) => monitorStatusWord(status) },
    { title: "online", text: ({ online }) => (online ? green("yes") : red("no")) },
    { title: "on demand", text: ({ onDemand }) => (onDemand ? "yes" : "no") },
    { title: "watches", align: "right", text: watchesText },
    { title: "checks, 1 h", align: "right", text: ({ checksLastHour }) => String(checksLastHour) },
    {
      title: "no answer",
      align: "right",
      text: ({ checksWithoutAnswerLastHour: count }) => String(count),
    },
    {
      title: "from the fleet",
      align: "right",
      text: ({ offsetFromFleetNs: offset }) => (offset === undefined ? "–" : formatOffset(offset)),
    },
    { title: "last seen", text: ({ lastSeenAt }) => agoCell(msOf(lastSeenAt), nowMs) },
    { title: "location", text: ({ location }) => printable(location) },
  ];
  await printer.table({ columns, rows: monitors, json: monitorJson, empty: NONE_YET });
}

function watchesText({ serversActive, serversTesting }: adminV1.Monitor): string {
  return serversTesting === 0 ? `${serversActive}` : `${serversActive}+${serversTesting}`;
}

function monitorJson(monitor: adminV1.Monitor): Record<string, unknown> {
  return {
    id: monitor.id,
    name: monitor.name,
    address: monitor.address,
    family: familyWord(monitor.family),
    status: monitorStatusWord(monitor.status),
    online: monitor.online,
    on_demand: monitor.onDemand,
    certificate_until: isoOf(monitor.certificateUntil),
    servers_active: monitor.serversActive,
    servers_testing: monitor.serversTesting,
    checks_last_hour: monitor.checksLastHour,
    checks_without_answer_last_hour: monitor.checksWithoutAnswerLastHour,
    offset_from_fleet_ns: monitor.offsetFromFleetNs ?? null,
    last_seen_at: isoOf(monitor.lastSeenAt),
    client_version: monitor.clientVersion,
    location: monitor.location,
  };
}
