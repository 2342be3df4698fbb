// What an alert about a server is about, where that is judged to reach beyond the server: of all that is wrong there, what the
// rule asks for.

import { type Cause, causeOfReach } from "@truechimer/alerts";
import { compileCondition, readFilter } from "@truechimer/filter";
import type { StoredFault } from "../fault/store-faults.ts";
import type { WatchingRule } from "./rules.ts";

/** Of a server, what it is judged by. */
interface JudgedServer {
  readonly id: bigint;
  readonly name: string;
  readonly faults: readonly StoredFault[];
}

/** By a rule and a server. Undefined: nothing is judged that the rule could be about, or it is the server's own. */
export type WiderCause = (
  rule: Pick<WatchingRule, "filter" | "subject">,
  server: JudgedServer,
) => Cause | undefined;

/** A code as the field `seen_faults` has it. */
function faultCode({ fault, cause }: Pick<StoredFault, "fault" | "cause">): string {
  return `${fault}/${cause}`;
}

export function widerCauses(nowNs: bigint, monitorNames: ReadonlyMap<string, string>): WiderCause {
  return ({ filter, subject }, server) => {
    const read = readFilter(filter, { subject, nowNs });
    const isNot = read.ok
      ? compileCondition({ kind: "not", operand: read.value }, faultReaders)
      : (): boolean => false;
    const about = server.faults.find((fault) => !isNot(fault));
    if (about === undefined) return undefined;
    return causeOfReach(about.reach, {
      monitor: (id) => monitorNames.get(id) ?? id,
      server: (id) => (id === String(server.id) ? server.name : id),
    });
  };
}

/** What else the filter asks for is not known of a fault alone. */
const FAULT_COLUMNS: Readonly<Record<string, (fault: StoredFault) => string>> = {
  "server.fault": ({ fault }) => fault,
  "server.fault_cause": ({ cause }) => cause,
  "server.seen_faults": faultCode,
};

function faultReaders(column: string): (fault: StoredFault) => string | undefined {
  return FAULT_COLUMNS[column] ?? (() => undefined);
}
