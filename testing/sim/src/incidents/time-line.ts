// When incidents happen: one after the other, and a third of them together with another that touches the same server or
// the same monitor.

import type { Random } from "@truechimer/base";
import { createIncident, INCIDENT_KINDS, type Incident } from "./incident.ts";
import { exponential, oneOf, shuffled, type World } from "./world.ts";

export interface TimeLineOptions {
  readonly world: World;
  readonly noiseNs: readonly number[];
  readonly incidents: number;
  /** Intervals before the first. */
  readonly quietFor: number;
  readonly random: Random;
}

const OVERLAPPING_SHARE = 1 / 3;
const LENGTH = { least: 5, most: 14 };
/** An incident is asked for from this age on. */
const ASKED_AGE_MIN = 2.2;
const BETWEEN = { least: 3, mean: 2 };

/** In the order of their beginnings. */
export function createTimeLine(options: TimeLineOptions): readonly Incident[] {
  const { random } = options;
  const kinds = shuffled(
    Array.from(
      { length: options.incidents },
      (_, number) => INCIDENT_KINDS[number % INCIDENT_KINDS.length] as Incident["kind"],
    ),
    random,
  );
  const incidents: Incident[] = [];
  let at = options.quietFor;
  const create = (
    from: number,
    near: NonNullable<Parameters<typeof createIncident>[0]["near"]> | undefined,
  ): Incident => {
    const kind = kinds[incidents.length] as Incident["kind"];
    const length = LENGTH.least + (LENGTH.most - LENGTH.least) * random.fraction();
    const askedAt = from + ASKED_AGE_MIN + (length - ASKED_AGE_MIN) * random.fraction();
    for (;;) {
      const made = createIncident({ ...options, kind, from, until: from + length, askedAt, near });
      if (made !== undefined) return made;
    }
  };
  while (incidents.length < options.incidents) {
    const first = create(at, undefined);
    incidents.push(first);
    let end = first.until;
    const left = options.incidents - incidents.length;
    // Of two out of an episode of two: half as many episodes as incidents.
    const isOverlapped = random.fraction() < OVERLAPPING_SHARE / (2 - OVERLAPPING_SHARE);
    if (isOverlapped && left > 0) {
      const { pair } = options.world.ways[oneOf([...first.ways], random)] as World["ways"][number];
      const near =
        random.fraction() < 0.5 ? { server: pair.server.id } : { monitor: pair.monitor.id };
      const from = at + (first.until - at) * random.fraction() * 0.8;
      const second = create(from, near);
      incidents.push(second);
      end = Math.max(end, second.until);
    }
    at = end + BETWEEN.least + exponential(BETWEEN.mean, random);
  }
  return incidents.toSorted((a, b) => a.from - b.from);
}
