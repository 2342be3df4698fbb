// Whose fault it is, and what kind of trouble: closed sets of codes.

/** `server`: its operator can mend it, its own link included. `path`: the network between. `monitor`: our own side. */
export const FAULTS = ["server", "path", "monitor", "cannot_tell"] as const;
/** The code of who has to mend it, such as "path". */
export type Fault = (typeof FAULTS)[number];

/** What kind of trouble it is. docs/reference/faults.md has each. */
export const FAULT_CAUSES = [
  "clock_step",
  "clock_drift",
  "clock_off",
  "leap_error",
  "overload",
  "loss",
  "outage",
  "rate_limiting",
  "unfit",
  "path_change",
  "monitor_clock",
] as const;
/** The code of what is wrong, such as "clock_step". */
export type FaultCause = (typeof FAULT_CAUSES)[number];
