// The oldest day of an archive, which each page that looks back asks for, and which changes once a day.

import type { Clock } from "@truechimer/base";
import type { Timestamptz } from "@truechimer/database";

const KEPT_NS = 60_000_000_000n;

/** Asks at most once a minute; a failure is not remembered. */
export function rememberedDay(
  clock: Pick<Clock, "monotonicNs">,
  ask: () => Promise<Timestamptz | undefined>,
): () => Promise<Timestamptz | undefined> {
  let known: { readonly day: Promise<Timestamptz | undefined>; readonly atNs: bigint } | undefined;
  return () => {
    const nowNs = clock.monotonicNs();
    if (known === undefined || nowNs - known.atNs > KEPT_NS) {
      const day = ask();
      day.catch(() => (known = undefined));
      known = { day, atNs: nowNs };
    }
    return known.day;
  };
}
