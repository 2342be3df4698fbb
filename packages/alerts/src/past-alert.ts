// A rule over what has been: the alerts of one server or monitor, from how its truth changed.

import type { UnixNs } from "@truechimer/base";
import { type AlertTiming, nextPhase, type OpenAlert, type Truth } from "./alert-phase.ts";

/** From here on, until the next one. */
export interface PastTruth {
  readonly atNs: UnixNs;
  /** Gone: it is not watched. */
  readonly truth: Truth | "gone";
}

/** An alert that would have fired. */
export interface PastAlert {
  readonly firedAtNs: UnixNs;
  /** Undefined: it had not ended when the range did. */
  readonly endedAtNs: UnixNs | undefined;
}

/** `truths` in the order of time; each phase ends at the moment at which it may. */
export function pastAlerts(
  truths: readonly PastTruth[],
  { toNs, ...timing }: AlertTiming & { readonly toNs: UnixNs },
): readonly PastAlert[] {
  const found: PastAlert[] = [];
  let open: OpenAlert | undefined;
  let firedAtNs: UnixNs | undefined;
  const step = (truth: PastTruth["truth"], nowNs: UnixNs): void => {
    const next = truth === "gone" ? "ended" : nextPhase(open, truth, { nowNs, ...timing });
    if (next !== "ended" && next !== undefined) {
      if (next.phase === "firing") firedAtNs ??= nowNs;
      open = next;
      return;
    }
    if (firedAtNs !== undefined) found.push({ firedAtNs, endedAtNs: nowNs });
    firedAtNs = undefined;
    open = undefined;
  };
  for (const [index, { atNs, truth }] of truths.entries()) {
    if (atNs >= toNs) break;
    step(truth, atNs);
    const untilNs = least(truths[index + 1]?.atNs ?? toNs, toNs);
    const dueNs = dueOf(open, truth, timing);
    if (dueNs !== undefined && dueNs < untilNs) step(truth, dueNs);
  }
  if (firedAtNs !== undefined) found.push({ firedAtNs, endedAtNs: undefined });
  return found;
}

/** When the phase changes while the truth stays. */
function dueOf(
  open: OpenAlert | undefined,
  truth: PastTruth["truth"],
  { holdsMs, recoversMs }: AlertTiming,
): UnixNs | undefined {
  if (open?.phase === "pending" && truth === "holds")
    return open.phaseSinceNs + BigInt(holdsMs) * 1_000_000n;
  if (open?.phase === "recovering" && truth === "holds_not")
    return open.phaseSinceNs + BigInt(recoversMs) * 1_000_000n;
  return undefined;
}

function least(one: UnixNs, other: UnixNs): UnixNs {
  return one < other ? one : other;
}
