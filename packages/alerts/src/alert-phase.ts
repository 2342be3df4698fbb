// The life of one alert: what one rule finds of one server or monitor.

import { type UnixNs, unreachable } from "@truechimer/base";

/**
 * pending: the filter holds, and not for long enough yet; nobody is told, and it leaves no trace when it ends here.
 * firing: it has held for long enough. What becomes unknown goes on firing, because no data is no good news.
 * recovering: it surely holds no more, and not for long enough yet; when it holds again, it has never stopped firing.
 */
export type OpenPhase = "pending" | "firing" | "recovering";

/** An alert that has not ended, as far as its next phase depends on it. */
export interface OpenAlert {
  readonly phase: OpenPhase;
  /** When the phase began. */
  readonly phaseSinceNs: UnixNs;
}

/** Whether the rule's filter holds for the subject now; unknown where what it asks for is not there. */
export type Truth = "holds" | "holds_not" | "unknown";

/** How patient a rule is. */
export interface AlertTiming {
  /** How long the filter must hold before the alert fires, milliseconds. */
  readonly holdsMs: number;
  /** How long it must surely not hold before the alert ends, milliseconds. */
  readonly recoversMs: number;
}

/** The alert after one look. "ended": it had fired, and is over. Undefined: there is none. */
export function nextPhase(
  alert: OpenAlert | undefined,
  truth: Truth,
  { nowNs, holdsMs, recoversMs }: AlertTiming & { readonly nowNs: UnixNs },
): OpenAlert | "ended" | undefined {
  const begin = (phase: OpenPhase): OpenAlert => ({ phase, phaseSinceNs: nowNs });
  if (alert === undefined) {
    if (truth !== "holds") return undefined;
    return begin(holdsMs === 0 ? "firing" : "pending");
  }
  const lastedMs = Number((nowNs - alert.phaseSinceNs) / 1_000_000n);
  switch (alert.phase) {
    case "pending":
      if (truth === "holds_not") return undefined;
      return truth === "holds" && lastedMs >= holdsMs ? begin("firing") : alert;
    case "firing":
      if (truth !== "holds_not") return alert;
      return recoversMs === 0 ? "ended" : begin("recovering");
    case "recovering":
      if (truth !== "holds_not") return begin("firing");
      return lastedMs >= recoversMs ? "ended" : alert;
    default:
      return unreachable(alert.phase);
  }
}
