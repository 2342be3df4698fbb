// The list of paths that are kept.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { isoOf, msOf } from "./api-words.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

const NONE_YET =
  'no path is known: "truechimer servers trace SERVER" has one made each day, "truechimer check-now SERVER --trace" at once';

export async function printTraceroutes(
  printer: Printer,
  traceroutes: readonly adminV1.StoredTraceroute[],
): Promise<void> {
  const columns: readonly Column<adminV1.StoredTraceroute>[] = [
    { title: "time", text: ({ startedAt }) => instantText(msOf(startedAt) ?? 0) },
    { title: "from", text: ({ monitorName }) => printable(monitorName) },
    { title: "asked by", text: askedBy },
    { title: "reached", text: ({ reached, reason }) => reason || (reached ? "yes" : "no") },
    { title: "hops", text: ({ hops }) => hops.map(hopText).join(" ") },
  ];
  await printer.table({
    columns,
    rows: traceroutes,
    json: tracerouteJson,
    empty: NONE_YET,
  });
}

/** Whoever had it made. */
function askedBy({ atOnset, onDemand }: adminV1.StoredTraceroute): string {
  return atOnset ? "onset" : onDemand ? "a person" : "schedule";
}

/** The addresses of a hop, with the network where it is known; a star for silence. */
function hopText({ answers }: adminV1.TracerouteHop): string {
  if (answers.length === 0) return "*";
  return answers
    .map(({ address, network }) => address + (network ? `(AS${network.number})` : ""))
    .join("|");
}

/** For the JSON output: an address with its shortest round trip, and its network where it is known. */
export function hopAnswerJson({
  address,
  rttNs,
  network,
}: adminV1.TracerouteHopAnswer): Record<string, unknown> {
  return {
    address,
    rtt_ns: rttNs,
    network: network === undefined ? null : { number: network.number, name: network.name },
  };
}

function tracerouteJson(traceroute: adminV1.StoredTraceroute): Record<string, unknown> {
  return {
    id: traceroute.id,
    started_at: isoOf(traceroute.startedAt),
    monitor_id: traceroute.monitorId,
    monitor: traceroute.monitorName,
    reached: traceroute.reached,
    reason: traceroute.reason === "" ? null : traceroute.reason,
    on_demand: traceroute.onDemand,
    at_onset: traceroute.atOnset,
    hops: traceroute.hops.map(({ hopLimit, answers }) => ({
      hop_limit: hopLimit,
      answers: answers.map(hopAnswerJson),
    })),
  };
}
