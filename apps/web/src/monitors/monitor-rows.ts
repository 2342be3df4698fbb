// Columns and order of the monitors table.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";
import { TERMS } from "../parts/words.ts";

export interface MonitorColumn {
  readonly key: string;
  readonly title: string;
  readonly definition: string;
  readonly number: boolean;
  readonly value: (monitor: adminV1.Monitor) => number | string | undefined;
}

export const MONITOR_COLUMNS: readonly MonitorColumn[] = [
  {
    key: "state",
    title: "State",
    definition: "Online: it asked for work or sent results a moment ago.",
    number: false,
    value: (monitor) => Number(monitor.online),
  },
  {
    key: "name",
    title: "Monitor",
    definition: "Name and address of the vantage point.",
    number: false,
    value: (monitor) => monitor.name,
  },
  {
    key: "location",
    title: "Location",
    definition: "As its operator wrote it.",
    number: false,
    value: (monitor) => monitor.location,
  },
  {
    key: "family",
    title: "Family",
    definition: "An agent has one monitor for each IP family.",
    number: false,
    value: (monitor) => monitor.family,
  },
  {
    key: "status",
    title: "Status",
    definition: "Active monitors count for scores; testing ones are on trial.",
    number: false,
    value: (monitor) => monitor.status,
  },
  {
    key: "fleet",
    title: "From the fleet",
    definition: TERMS.fromFleet,
    number: true,
    value: (monitor) =>
      monitor.offsetFromFleetNs === undefined
        ? undefined
        : Math.abs(Number(monitor.offsetFromFleetNs)),
  },
  {
    key: "servers",
    title: "Servers",
    definition: "Servers that it watches, active and testing.",
    number: true,
    value: (monitor) => monitor.serversActive + monitor.serversTesting,
  },
  {
    key: "checks",
    title: "Checks, 1 h",
    definition: "Results over the last hour.",
    number: true,
    value: (monitor) => Number(monitor.checksLastHour),
  },
  {
    key: "loss",
    title: "No answer",
    definition: "Share of its checks in the last hour that had no answer.",
    number: true,
    value: (monitor) =>
      monitor.checksLastHour === 0n
        ? undefined
        : Number(monitor.checksWithoutAnswerLastHour) / Number(monitor.checksLastHour),
  },
  {
    key: "seen",
    title: "Last seen",
    definition: "When it last asked or submitted.",
    number: true,
    value: (monitor) => msOf(monitor.lastSeenAt),
  },
  {
    key: "version",
    title: "Version",
    definition: "Of the agent.",
    number: false,
    value: (monitor) => monitor.clientVersion,
  },
];

const collator = new Intl.Collator("en", { numeric: true });

/** In the order that an address asks for ("-loss"); by name otherwise. What is unknown comes last. */
export function sortedMonitors(
  monitors: readonly adminV1.Monitor[],
  sort: string | undefined,
): readonly adminV1.Monitor[] {
  const descending = sort?.startsWith("-") === true;
  const key = (sort ?? "name").replace("-", "");
  const column = MONITOR_COLUMNS.find((one) => one.key === key);
  if (column === undefined) return monitors;
  return monitors.toSorted((one, other) => {
    const a = column.value(one);
    const b = column.value(other);
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
    const order = typeof a === "string" ? collator.compare(a, String(b)) : a - Number(b);
    return (descending ? -order : order) || collator.compare(one.name, other.name);
  });
}
