// Every monitor's clock wanders by a little, and all that it sees wanders with it. Twelve monitors that happen to wander the
// same way are no clock of a server that has moved: what a monitor sees of all its servers alike is set aside before.

import { SHIFT_SIGMAS_MIN } from "./channel.ts";
import type { Shift } from "./pair-view.ts";
import { median } from "./robust.ts";
import type { Scope } from "./scope.ts";

/** The middle of fewer servers is no middle: one that has moved, or two, would be taken for the monitor. */
const SERVERS_MIN = 8;

/** Offsets of all pairs. A monitor that is off by as much as is looked for is left as it is, because that is a finding. */
export function withoutWander(
  offsets: readonly Shift[],
  scopes: readonly Scope[],
): readonly Shift[] {
  const centred = [...offsets];
  for (const { kind, pairs } of scopes) {
    if (kind !== "monitor") continue;
    const known = pairs.filter((pair) => !Number.isNaN((offsets[pair] as Shift).by));
    if (known.length < SERVERS_MIN) continue;
    const wander = median(known.map((pair) => (offsets[pair] as Shift).by));
    const noise = median(known.map((pair) => (offsets[pair] as Shift).noise));
    if (Math.abs(wander) >= SHIFT_SIGMAS_MIN * noise) continue;
    for (const pair of known) {
      const shift = offsets[pair] as Shift;
      centred[pair] = { ...shift, by: shift.by - wander };
    }
  }
  return centred;
}
