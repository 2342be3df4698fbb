// A filter of checks over the rows in memory: what it says of the server alone is asked once a server, the rest of every
// row.

import { assert } from "@truechimer/base";
import { type Condition, compileCondition, type Readers, splitCondition } from "@truechimer/filter";
import type { Measurement, RowView } from "@truechimer/history";
import { REMEMBERED_CHECK, rowValue } from "../filter/remembered-check.ts";
import type { Fleet, FleetMonitor, FleetServer } from "./fleet.ts";

/** A check with the two that it is of. */
interface FleetCheck {
  row: Measurement;
  server: FleetServer;
  monitor: FleetMonitor;
}

export interface CheckFilter {
  /** False: none of its checks passes. */
  readonly passesServer: (server: FleetServer) => boolean;
  readonly passesCheck: (check: FleetCheck) => boolean;
}

/** Undefined: everything passes. */
export function checkFilter(condition: Condition | undefined): CheckFilter {
  if (condition === undefined) return { passesServer: () => true, passesCheck: () => true };
  const ofServer = splitCondition(condition, (column) => column.startsWith("server."));
  return {
    passesServer: compileCondition(ofServer.asked, serverReaders),
    passesCheck: ofServer.whole ? () => true : compileCondition(condition, checkReaders),
  };
}

/** Visits the rows that pass, of servers and monitors that the caller sees. One object for all rows. */
export function filteredVisit(
  { fleet, filter }: { readonly fleet: Fleet; readonly filter: CheckFilter },
  visit: (row: RowView) => void,
): (row: RowView) => void {
  const check: { -readonly [Key in keyof FleetCheck]?: FleetCheck[Key] | undefined } = {};
  return (row) => {
    check.server = fleet.servers.get(row.serverId);
    check.monitor = fleet.monitors.get(row.monitorId);
    if (check.server === undefined || check.monitor === undefined) return;
    check.row = row;
    if (filter.passesCheck(check as FleetCheck)) visit(row);
  };
}

const serverReaders: Readers<FleetServer> = (column) => (server) => rowValue(server, column);

const checkReaders: Readers<FleetCheck> = (column) => {
  if (column.startsWith("server.")) return ({ server }) => rowValue(server, column);
  if (column.startsWith("monitor.")) return ({ monitor }) => rowValue(monitor, column);
  const read = REMEMBERED_CHECK[column];
  assert(read !== undefined, `no reader for the column ${column}`);
  return ({ row }) => read(row);
};
