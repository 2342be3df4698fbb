// Whether a real broker can be started here.

import { installedProgram, programAvailable } from "@truechimer/testing-programs";

const PROGRAM = "mosquitto";

/** Whether Mosquitto is installed; a missing one is told, and refused in CI. */
export function mosquittoAvailable(): boolean {
  return programAvailable(PROGRAM, PROGRAM);
}

/** Path of the program. */
export function mosquittoProgram(): string {
  return installedProgram(PROGRAM);
}
