// Whether the real peers of our interoperability tests can be run here.

import { programAvailable } from "@truechimer/testing-programs";

/** Whether chronyd is installed; a missing one is told, and refused in CI. */
export function chronyAvailable(): boolean {
  return programAvailable("chronyd", "chrony");
}

/** The same for ntpdig, NTPsec's client. */
export function ntpdigAvailable(): boolean {
  return programAvailable("ntpdig", "ntpsec-ntpdig");
}
