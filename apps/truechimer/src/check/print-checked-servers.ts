// The table of `truechimer check`, and the same as JSON lines.

import { formatDurationNs, formatOffset } from "@truechimer/base";
import {
  type CheckResult,
  type NtpPacket,
  referenceIdText,
  timedExchangeIndex,
} from "@truechimer/ntp";
import type { Printer } from "../cli-context.ts";
import { endpointText } from "../output/server-label.ts";
import { printable } from "../output/style.ts";
import type { Column } from "../output/table.ts";
import { verdictText } from "../output/verdict-style.ts";
import type { ClockJudgement } from "./judge-clock.ts";
import type { ResolvedTarget, UnresolvedTarget } from "./resolve-targets.ts";

export interface CheckedServer {
  readonly target: ResolvedTarget;
  readonly result: CheckResult;
  readonly judgement: ClockJudgement;
}

type Row = CheckedServer | UnresolvedTarget;

export async function printCheckedServers(
  printer: Printer,
  checked: readonly CheckedServer[],
  unresolved: readonly UnresolvedTarget[],
): Promise<void> {
  const rows: readonly Row[] = [...checked, ...unresolved];
  await printer.table({ columns: columnsFor(printer), rows, json: rowJson, empty: "" });
}

function columnsFor(printer: Printer): readonly Column<Row>[] {
  const { style } = printer;
  const ifChecked =
    (text: (row: CheckedServer) => string) =>
    (row: Row): string =>
      "target" in row ? text(row) : "–";
  return [
    {
      title: "verdict",
      text: (row) => verdictText("target" in row ? row.judgement.verdict : "unreachable", style),
    },
    { title: "server", text: (row) => printable("target" in row ? row.target.name : row.name) },
    {
      title: "address",
      text: ifChecked(addressText),
    },
    {
      title: "offset",
      align: "right",
      text: ifChecked(({ result: { outcome } }) =>
        outcome.offsetNs === undefined ? "–" : formatOffset(outcome.offsetNs, outcome.boundNs),
      ),
    },
    {
      title: "round trip",
      align: "right",
      text: ifChecked(({ result: { outcome } }) =>
        outcome.rttNs === undefined ? "–" : formatDurationNs(outcome.rttNs),
      ),
    },
    { title: "stratum", align: "right", text: ifChecked(stratumText) },
    { title: "reference", text: ifChecked((row) => printable(referenceOf(row) ?? "–")) },
    { title: "answers", align: "right", text: ifChecked(answersText) },
    {
      title: "why",
      text: (row) => ("target" in row ? row.judgement.text : row.problem),
    },
  ];
}

/** Empty when the address is what was typed. */
function addressText({ target }: CheckedServer): string {
  const endpoint = endpointText(target.address.text, target.port);
  return endpoint === target.name ? "" : endpoint;
}

function selectedPacket({ result }: CheckedServer): NtpPacket | undefined {
  return result.samples[result.selectedIndex ?? -1]?.packet;
}

function stratumText({ result: { outcome } }: CheckedServer): string {
  return outcome.stratum === 0 ? "–" : String(outcome.stratum);
}

function referenceOf(row: CheckedServer): string | undefined {
  const packet = selectedPacket(row);
  return packet && referenceIdText(packet, row.target.address.family);
}

function answersText({ result: { samples } }: CheckedServer): string {
  return `${samples.filter(({ packet }) => packet !== undefined).length}/${samples.length}`;
}

function rowJson(row: Row): Record<string, unknown> {
  if (!("target" in row)) {
    return {
      server: row.name,
      verdict: "unreachable",
      reason: "name_unresolved",
      text: row.problem,
    };
  }
  const { target, result, judgement } = row;
  const { outcome } = result;
  return {
    server: target.name,
    address: target.address.text,
    port: target.port,
    verdict: judgement.verdict,
    reason: outcome.reason ?? "",
    text: judgement.text,
    offset_ns: outcome.offsetNs ?? null,
    bound_ns: outcome.boundNs ?? null,
    rtt_ns: outcome.rttNs ?? null,
    stratum: outcome.stratum,
    leap: outcome.leap,
    reference_id: referenceOf(row) ?? null,
    selected_index: result.selectedIndex ?? null,
    samples: result.samples.map((sample) => ({
      reason: sample.reason ?? "",
      mode: sample.mode,
      timed_exchange_index: timedExchangeIndex(sample, result.samples) ?? null,
      // As text: nanoseconds since 1970 are beyond what a JSON number holds exactly.
      t1_unix_ns: sample.exchange.t1?.atNs.toString() ?? null,
      t4_unix_ns: sample.exchange.t4?.atNs.toString() ?? null,
      stamps: sample.exchange.t4?.source ?? sample.exchange.t1?.source ?? null,
      offset_ns: sample.measurement?.offsetNs ?? null,
      bound_ns: sample.measurement?.boundNs ?? null,
      delay_ns: sample.measurement?.delayNs ?? null,
      response_hex:
        sample.exchange.response && Buffer.from(sample.exchange.response).toString("hex"),
    })),
  };
}
