// A fault in one sentence: whose it is, what is wrong, who sees it and who does not.

import { formatDurationNs, formatOffset } from "@truechimer/base";
import type { ServerFault } from "./server-fault.ts";

/** How people call a monitor or a server, by its id. */
export type NameOf = (id: string) => string;

/** Starts with a small letter, ends without a full stop. */
export function faultText(fault: ServerFault, nameOf: NameOf): string {
  return `${WHOSE[fault.fault]}: ${whatText(fault, nameOf)}; ${witnessText(fault)}`;
}

const WHOSE: Readonly<Record<ServerFault["fault"], string>> = {
  server: "the server",
  path: "the path",
  monitor: "our own side",
  cannot_tell: "cannot tell whose",
};

function whatText(fault: ServerFault, nameOf: NameOf): string {
  const { cause, reach } = fault;
  const offset = effectOf(fault, "offset");
  const moved = offset === undefined ? "" : ` by ${formatOffset(BigInt(Math.round(offset)))}`;
  switch (cause) {
    case "clock_step":
      return `its clock has stepped${moved}`;
    case "clock_drift":
      return `its clock runs away,${moved} so far`;
    case "clock_off":
      return `its clock is off${moved}`;
    case "leap_error":
      return offset === undefined
        ? "it announces a leap second that is not due"
        : `its clock is off${moved}, as after a leap second that was missed`;
    case "overload":
      return `it ${strained(fault)}`;
    case "outage":
      return `nothing comes back ${whereText(reach, nameOf)}`;
    case "loss":
      return `requests are lost ${whereText(reach, nameOf)}${shareText(fault)}`;
    case "rate_limiting":
      return fault.fault === "monitor"
        ? `it asks ${whoText(reach, nameOf)} to come less often (RATE), and others not`
        : "it asks all to come less often (RATE)";
    case "unfit":
      return fault.fault === "server"
        ? "its answers say that it is not to be used, or are none"
        : `to ${whoText(reach, nameOf)} its answers are none to be used`;
    case "path_change":
      return `the way has changed ${whereText(reach, nameOf)}${delayText(fault)}`;
    case "monitor_clock":
      return `the clock of ${whoText(reach, nameOf)} is off${negated(offset)}`;
  }
}

type Reach = ServerFault["reach"];

function strained(fault: ServerFault): string {
  const loss = shareText(fault);
  const delay = effectOf(fault, "delay");
  const slow =
    delay === undefined ? "" : `answers ${formatDurationNs(BigInt(Math.round(delay)))} later`;
  if (loss === "") return slow === "" ? "is overloaded" : slow;
  return slow === "" ? `loses requests${loss}` : `${slow} and loses requests${loss}`;
}

function whereText({ kind, from, to }: Reach, nameOf: NameOf): string {
  switch (kind) {
    case "server":
      return "from it";
    case "servers":
      return `from all servers of ${from}`;
    case "monitor":
    case "account":
    case "network":
      return `to ${whoText({ kind, from, to }, nameOf)}, from any server`;
    case "pair":
      return `between ${nameOf(from)} and it`;
    case "part":
      return `through ${from}${to === "" || /^\d+$/.test(to) ? "" : ` to ${to}`}`;
  }
}

function whoText({ kind, from }: Reach, nameOf: NameOf): string {
  switch (kind) {
    case "monitor":
    case "pair":
      return nameOf(from);
    case "account":
      return `all monitors of account ${from}`;
    default:
      return `all monitors in ${from}`;
  }
}

function effectOf({ symptoms }: ServerFault, channel: string): number | undefined {
  return symptoms.find((symptom) => symptom.channel === channel)?.effect;
}

function shareText(fault: ServerFault): string {
  const share = effectOf(fault, "loss");
  return share === undefined ? "" : ` (${Math.round(share * 100)} %)`;
}

function delayText(fault: ServerFault): string {
  const delay = effectOf(fault, "delay");
  if (delay === undefined) return "";
  const by = formatDurationNs(BigInt(Math.round(Math.abs(delay))));
  return `: ${by} ${delay < 0 ? "shorter" : "longer"}`;
}

/** Server minus monitor: a monitor that is ahead sees all servers behind. */
function negated(offset: number | undefined): string {
  return offset === undefined ? "" : ` by ${formatOffset(BigInt(Math.round(-offset)))}`;
}

function witnessText({ witnesses, fault, othersWell, others }: ServerFault): string {
  const seers = witnesses.filter(({ sees }) => sees);
  const networks = new Set(seers.map(({ network }) => network)).size;
  const who =
    witnesses.length === 1
      ? "its one monitor sees it"
      : `${seers.length} of ${witnesses.length} monitors see it${seers.length > 1 && networks > 1 ? `, from ${networks} networks` : ""}`;
  if (others === 0) return who;
  if (fault === "monitor")
    return `${who}, and ${others - othersWell} of ${others} of their other views show it`;
  return `${who}, and ${othersWell} of ${others} of their views of other servers do not show it`;
}
