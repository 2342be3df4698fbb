// Whether a trail is whole: fed with its entries in their order, then with what vouches for its end. It tells what is
// wrong and where, and goes on, so that one altered entry is not told as a thousand.

import { type AuditEntry, auditHash, NO_HASH } from "./audit-entry.ts";

/** More say nothing new. */
const PROBLEMS_MAX = 20;

export interface StoredEntry extends AuditEntry {
  readonly hash: Uint8Array;
}

/** The end of a trail, as it was when somebody looked. */
export interface TrailHead {
  readonly sequence: bigint;
  readonly hash: Uint8Array;
}

export interface TrailReport {
  readonly entries: bigint;
  readonly problems: readonly string[];
  /** The newest entry that the outside head vouches for. 0: none does. */
  readonly vouchedFor: bigint;
}

export interface TrailCheck {
  next(entry: StoredEntry): void;
  /** `stored`: the head in the database; `outside`: one that was kept elsewhere, its signature looked at already. */
  end(heads: { readonly stored: TrailHead; readonly outside?: TrailHead }): TrailReport;
}

export function createTrailCheck(outside?: Pick<TrailHead, "sequence">): TrailCheck {
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
  };
  let last: TrailHead = { sequence: 0n, hash: NO_HASH };
  let entries = 0n;
  let atOutside: Uint8Array | undefined;
  return {
    next: (entry) => {
      entries += 1n;
      const expected = last.sequence + 1n;
      if (entry.sequence !== expected) note(gap(expected, entry.sequence));
      else if (!same(entry.previousHash, last.hash))
        note(
          `entry ${entry.sequence} does not follow entry ${last.sequence}: one of them was put in another's place`,
        );
      if (!same(auditHash(entry), entry.hash)) note(`entry ${entry.sequence} was altered`);
      last = { sequence: entry.sequence, hash: entry.hash };
      if (entry.sequence === outside?.sequence) atOutside = entry.hash;
    },
    end: (heads) => {
      const { stored } = heads;
      if (stored.sequence > last.sequence)
        note(cut(last.sequence, stored.sequence, "the head in the database"));
      else if (stored.sequence < last.sequence || !same(stored.hash, last.hash))
        note(`the head in the database is not that of entry ${last.sequence}, the last one`);
      const kept = heads.outside;
      let vouchedFor = 0n;
      if (kept !== undefined && kept.sequence > 0n) {
        if (kept.sequence > last.sequence)
          note(cut(last.sequence, kept.sequence, "the head that was kept outside"));
        else if (atOutside === undefined)
          note(`entry ${kept.sequence}, which the head that was kept outside names, is missing`);
        else if (!same(atOutside, kept.hash))
          note(
            `entry ${kept.sequence} is not the one that the head that was kept outside names: the trail was written anew`,
          );
        else vouchedFor = kept.sequence;
      }
      return { entries, problems, vouchedFor };
    },
  };
}

function gap(expected: bigint, found: bigint): string {
  if (found < expected) return `entry ${found} comes twice`;
  return found === expected + 1n
    ? `entry ${expected} is missing`
    : `entries ${expected} to ${found - 1n} are missing`;
}

function cut(last: bigint, head: bigint, witness: string): string {
  const which = head === last + 1n ? `entry ${head} was` : `entries ${last + 1n} to ${head} were`;
  return `${which} cut off: ${witness} is of entry ${head}`;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
