// From when on the database has every result: what is older is asked of the archive.

import { addDays, startOfDay, type Timestamptz, utcDayOf } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { archiveLags } from "./archive-lag.ts";

const DAY_MS = 86_400_000;

/** The database's clock, by which days are dropped, may be past midnight already. */
const CLOCK_SKEW_NS = 300_000_000_000n;

type Asked = Pick<ServerContext, "archive" | "clock" | "policy" | "database">;

/**
 * Beginning of a day that is not dropped yet, and not before what the archive lacks. Undefined: for a range that begins at
 * `from` the database has it all, or there is no archive.
 */
export async function archiveBorder(
  { archive, clock, policy, database }: Asked,
  from: Timestamptz,
): Promise<Timestamptz | undefined> {
  if (archive === undefined) return undefined;
  const kept = keptDays({ clock, policy });
  if (from >= kept) return undefined;
  const own = (await archiveLags(database.kysely)).find(({ target }) => target === archive.target);
  const unsent = own?.unsentFrom ?? null;
  return unsent !== null && unsent < kept ? unsent : kept;
}

/**
 * The same of events: from here on the database has all of them, and of what is older those that the archive lacks. Undefined:
 * as above.
 */
export function eventsBorder(
  { archive, ...own }: Pick<Asked, "archive" | "clock" | "policy">,
  from: Timestamptz,
): Timestamptz | undefined {
  const kept = keptDays(own);
  return archive === undefined || from >= kept ? undefined : kept;
}

/** Beginning of the first day that is not dropped yet. */
function keptDays({ clock, policy }: Pick<Asked, "clock" | "policy">): Timestamptz {
  const days = Math.ceil(policy.retentionMs / DAY_MS);
  return startOfDay(addDays(utcDayOf(clock.nowNs() + CLOCK_SKEW_NS), -days));
}

/** How far back anything is known to a range that begins at `from`: the archive is only asked where it is needed. */
export async function knownFrom(
  { archive }: Pick<Asked, "archive">,
  { from, retention }: { readonly from: Timestamptz; readonly retention: Timestamptz },
): Promise<Timestamptz> {
  if (archive === undefined || from >= retention) return retention;
  const oldest = await archive.oldest();
  return oldest !== undefined && oldest < retention ? oldest : retention;
}
