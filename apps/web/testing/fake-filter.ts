// Filters as the real server takes them: what cannot be read is refused with its place.

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { adminV1 } from "@truechimer/api";
import {
  type Column,
  type ConditionValue,
  compileCondition,
  filterProblemText,
  monitorReaders,
  type Readers,
  readFilter,
  type Subject,
  serverReaders,
} from "@truechimer/filter";

/** A check with what it is about. */
export interface FilteredCheck {
  readonly check: adminV1.Check;
  readonly server: adminV1.Server;
  readonly monitor: adminV1.Monitor;
}

/** Whether a row passes the filter of a request. */
export function passesFilter<Row>(
  filter: string,
  {
    subject,
    nowMs,
    readers,
  }: { readonly subject: Subject; readonly nowMs: number; readonly readers: Readers<Row> },
): (row: Row) => boolean {
  const condition = readFilter(filter, { subject, nowNs: BigInt(Math.round(nowMs)) * 1_000_000n });
  if (condition.ok) return compileCondition(condition.value, readers);
  const { at, length } = condition.error;
  throw new ConnectError(filterProblemText(condition.error), Code.InvalidArgument, {
    "truechimer-error-code": "bad_filter",
    "truechimer-error-position": String(at),
    "truechimer-error-length": String(length),
  });
}

const CHECK: Readonly<Record<string, (check: adminV1.Check) => ConditionValue | undefined>> = {
  "check.at": ({ at }) => nsOf(at),
  "check.offset_ns": ({ offset }) => offset?.valueNs,
  "check.bound_ns": ({ offset }) => offset?.boundNs,
  "check.rtt_ns": ({ rttNs }) => rttNs,
  "check.stratum": ({ stratum }) => stratum,
  "check.leap": ({ leap }) => leap,
  "check.reason": ({ reason }) => (reason === "" ? undefined : reason),
  "check.step": ({ step }) => step,
  "check.score": ({ score }) => score,
  "check.has_evidence": ({ hasEvidence }) => hasEvidence,
  "check.id": ({ id }) => id,
};

/** Of a check, its server and its monitor. */
export const checkReaders: Readers<FilteredCheck> = (column: Column) => {
  if (column.startsWith("server.")) {
    const read = serverReaders(column);
    return ({ server }) => read(server);
  }
  if (column.startsWith("monitor.")) {
    const read = monitorReaders(column);
    return ({ monitor }) => read(monitor);
  }
  const read = CHECK[column];
  if (read === undefined) throw new Error(`no ${column}`);
  return ({ check }) => read(check);
};

function nsOf(at: Timestamp | undefined): bigint | undefined {
  return at === undefined ? undefined : BigInt(Math.round(timestampMs(at))) * 1_000_000n;
}
