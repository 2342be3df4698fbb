// Where the incidents of a trial are drawn.

import type { alertsV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";

const DAY_MS = 86_400_000;
/** What is shorter would not be seen. */
const WIDTH_MIN = 2;

export interface TrialBar {
  readonly key: string;
  readonly x: number;
  readonly width: number;
}

/** `days`: midnights by UTC. All in units of `width`, from the left. */
export function trialBars(
  { from, to, incidents }: Pick<alertsV1.TryAlertRuleResponse, "from" | "to" | "incidents">,
  width: number,
): { readonly bars: readonly TrialBar[]; readonly days: readonly number[] } {
  const fromMs = msOf(from) ?? 0;
  const toMs = msOf(to) ?? 0;
  const lengthMs = Math.max(1, toMs - fromMs);
  const xOf = (atMs: number): number => ((atMs - fromMs) / lengthMs) * width;
  const bars = incidents.map(({ cause, beganAt, endedAt }, index) => {
    const x = xOf(msOf(beganAt) ?? fromMs);
    const barWidth = Math.max(WIDTH_MIN, xOf(msOf(endedAt) ?? toMs) - x);
    return { key: `${cause} ${index}`, x: Math.min(x, width - WIDTH_MIN), width: barWidth };
  });
  const days: number[] = [];
  for (let atMs = Math.ceil(fromMs / DAY_MS) * DAY_MS; atMs < toMs; atMs += DAY_MS)
    days.push(xOf(atMs));
  return { bars, days };
}
