// Faults with their evidence: who sees them, who does not, and the checks with their packets.

import type { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import { faultWord } from "./api-words.ts";
import { printable } from "./style.ts";

/** Who sees each of them, and who does not, each with its last check then. */
export function faultLines(
  faults: readonly adminV1.ServerFault[],
  { style: { bold, dim } }: Pick<Printer, "style">,
): readonly string[] {
  return faults.flatMap((fault) => [
    "",
    bold(printable(fault.text)),
    ...[true, false].flatMap((sees) => {
      const those = fault.witnesses.filter((witness) => witness.sees === sees);
      const title = sees ? "seen by" : "not by";
      return those.length === 0
        ? []
        : [`  ${dim(title.padEnd(12))} ${those.map(witnessText).join(", ")}`];
    }),
  ]);
}

/** "fra1 (shares network, country; check 4711)" */
function witnessText({ monitorName, monitorId, shares, checkId }: adminV1.FaultWitness): string {
  const name = printable(monitorName) || String(monitorId);
  const facts = [
    ...(shares.length === 0 ? [] : [`shares ${shares.join(", ")}`]),
    ...(checkId === undefined ? [] : [`check ${checkId}`]),
  ];
  return facts.length === 0 ? name : `${name} (${facts.join("; ")})`;
}

/** One as programs read it. */
export function faultJson(fault: adminV1.ServerFault): Record<string, unknown> {
  return {
    fault: faultWord(fault.fault),
    cause: fault.cause,
    text: fault.text,
    reach: fault.reach,
    reach_from: fault.reachFrom,
    reach_to: fault.reachTo,
    offset_ns: fault.offsetNs ?? null,
    delay_ns: fault.delayNs ?? null,
    loss: fault.loss ?? null,
    shown: fault.shown,
    reached: fault.reached,
    others_well: fault.othersWell,
    others: fault.others,
    witnesses: fault.witnesses.map(
      ({ monitorId, monitorName, network, sees, shares, checkId }) => ({
        monitor_id: monitorId,
        monitor: monitorName,
        network,
        sees,
        shares,
        check_id: checkId ?? null,
      }),
    ),
  };
}
