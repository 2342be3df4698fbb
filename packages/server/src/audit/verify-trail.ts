// Reads the whole trail and tells whether it is whole.

import type { Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import { readEntriesAfter, readHead } from "./read-trail.ts";
import { createTrailCheck, type TrailHead, type TrailReport } from "./trail-check.ts";

/** Some 500 KB at a time. */
const ENTRIES_A_PAGE = 1_000;

/** `outside`: a head that was kept elsewhere. Absent: none is known. */
export async function verifyTrail(
  kysely: Kysely<Schema>,
  outside: TrailHead | undefined,
): Promise<TrailReport> {
  const check = createTrailCheck(outside);
  // What is written from here on is none of this look's business; what the head names, or more, must be there.
  const stored = await readHead(kysely);
  const to =
    outside === undefined || outside.sequence < stored.sequence
      ? stored.sequence
      : outside.sequence;
  let last = 0n;
  for (;;) {
    const entries = await readEntriesAfter(kysely, last, { to, limit: ENTRIES_A_PAGE });
    for (const entry of entries) check.next(entry);
    const newest = entries.at(-1);
    if (newest === undefined) break;
    last = newest.sequence;
  }
  return check.end({ stored, ...(outside === undefined ? {} : { outside }) });
}
