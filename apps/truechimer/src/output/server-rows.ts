// The list of servers.

import type { adminV1 } from "@truechimer/api";
import { unixMsFromNs } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import {
  apiOffsetText,
  faultWord,
  isoOf,
  msOf,
  serverStateWord,
  verdictWord,
} from "./api-words.ts";
import { scoreText } from "./score-text.ts";
import { endpointText } from "./server-label.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { agoText } from "./time-text.ts";
import { verdictText } from "./verdict-style.ts";

const NONE_YET = 'no servers are watched: add one with "truechimer servers add time.example.net"';
const NONE_PASSES = "no server passes the filter";

export async function printServers(
  printer: Printer,
  servers: readonly adminV1.Server[],
  { nowNs, filtered }: { readonly nowNs: bigint; readonly filtered: boolean },
): Promise<void> {
  const nowMs = unixMsFromNs(nowNs);
  const columns: readonly Column<adminV1.Server>[] = [
    { title: "id", align: "right", text: ({ id }) => String(id) },
    { title: "verdict", text: (server) => verdictCell(server, printer) },
    { title: "name", text: ({ name }) => printable(name) },
    { title: "address", text: ({ address, port }) => endpointText(address, port) },
    { title: "offset", align: "right", text: ({ offset }) => apiOffsetText(offset) },
    { title: "score", align: "right", text: scoreCell },
    { title: "stratum", align: "right", text: ({ stratum }) => String(stratum ?? "–") },
    { title: "loss", align: "right", text: ({ loss }) => lossText(loss) },
    { title: "last check", text: ({ lastCheckAt }) => agoCell(msOf(lastCheckAt), nowMs) },
  ];
  await printer.table({
    columns,
    rows: servers,
    json: serverJson,
    empty: filtered ? NONE_PASSES : NONE_YET,
  });
}

/** One server as programs read it. */
export function serverJson(server: adminV1.Server): Record<string, unknown> {
  return {
    id: server.id,
    name: server.name,
    address: server.address,
    port: server.port,
    state: serverStateWord(server.state),
    verdict: verdictWord(server.verdict),
    verdict_reason: server.verdictReason,
    verdict_text: server.verdictText,
    verdict_since: isoOf(server.verdictSince),
    verdict_rule_set: server.verdictRuleSet,
    fault: faultWord(server.fault),
    fault_cause: server.faultCause,
    fault_text: server.faultText,
    fault_since: isoOf(server.faultSince),
    offset_ns: server.offset?.valueNs ?? null,
    bound_ns: server.offset?.boundNs ?? null,
    score: server.score ?? null,
    score_at: isoOf(server.scoreAt),
    stratum: server.stratum ?? null,
    reference_id: server.referenceId,
    loss: server.loss ?? null,
    last_check_at: isoOf(server.lastCheckAt),
    last_seen_at: isoOf(server.lastSeenAt),
    witnesses_fresh: server.witnessesFresh,
    witnesses_against: server.witnessesAgainst,
    stale: server.stale,
  };
}

/** A server that is not watched says so in place of a verdict, which would be an old one. */
function verdictCell(server: adminV1.Server, printer: Printer): string {
  const state = serverStateWord(server.state);
  if (state !== "watched") return printer.style.dim(state);
  return verdictText(verdictWord(server.verdict), printer.style);
}

function scoreCell({ score, stale }: adminV1.Server): string {
  if (score === undefined) return "–";
  return `${scoreText(score)}${stale ? " stale" : ""}`;
}

export function lossText(loss: number | undefined): string {
  return loss === undefined ? "–" : `${(loss * 100).toFixed(loss > 0 && loss < 0.1 ? 1 : 0)} %`;
}

export function agoCell(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? "never" : agoText(atMs, nowMs);
}
