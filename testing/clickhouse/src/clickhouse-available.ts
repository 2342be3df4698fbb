// Whether a real ClickHouse can be started here.

import { installedProgram, programAvailable } from "@truechimer/testing-programs";

const PROGRAM = "clickhouse-server";

/** Whether ClickHouse is installed; a missing one is told, and refused in CI. */
export function clickHouseAvailable(): boolean {
  return programAvailable(PROGRAM, PROGRAM);
}

/** Path of the program. */
export function clickHouseProgram(): string {
  return installedProgram(PROGRAM);
}
