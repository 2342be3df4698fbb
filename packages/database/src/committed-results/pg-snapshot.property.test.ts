import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  covers,
  isVisibleIn,
  joinOfSnapshots,
  meetOfSnapshots,
  type PgSnapshot,
  type PgSnapshotText,
  parsePgSnapshot,
  pgSnapshotText,
  snapshotUpTo,
} from "./pg-snapshot.ts";

const FIRST_ID = 3n;

/** Transactions that begin in the order of their ids and end in any. */
const history = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    ends: fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index)),
    /** After how many ends, and how many transactions at most. */
    reads: fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 12,
    }),
  }),
);

const byId = (a: bigint, b: bigint): number => Number(a - b);

function snapshotAfter(ended: ReadonlySet<bigint>): PgSnapshot {
  const last = [...ended].reduce((most, id) => (id > most ? id : most), FIRST_ID - 1n);
  const endId = last + 1n;
  const inProgress: bigint[] = [];
  for (let id = FIRST_ID; id < endId; id += 1n) if (!ended.has(id)) inProgress.push(id);
  return { endId, inProgress };
}

describe("a reader that moves on by snapshots", () => {
  test("reads each transaction once, in pages of any size, whatever the order of ends", () => {
    fc.assert(
      fc.property(history, ({ ends, reads }) => {
        const ended = new Set<bigint>();
        const seen: bigint[] = [];
        let position = snapshotAfter(ended);
        let at = 0;
        const read = (most: number): void => {
          const now = snapshotAfter(ended);
          const unread = [...ended].filter((id) => !isVisibleIn(id, position)).toSorted(byId);
          const page = unread.slice(0, most);
          seen.push(...page);
          const last = page.at(-1);
          position =
            last === undefined || page.length === unread.length
              ? now
              : snapshotUpTo(position, now, last);
          expect(covers(now, position)).toBe(true);
          for (const id of ended) expect(isVisibleIn(id, position)).toBe(seen.includes(id));
        };
        for (const [count, most] of reads) {
          for (const index of ends.slice(at, at + count)) ended.add(FIRST_ID + BigInt(index));
          at += count;
          read(most);
        }
        for (const index of ends.slice(at)) ended.add(FIRST_ID + BigInt(index));
        read(ends.length + 1);
        expect(seen.toSorted(byId)).toEqual([...ended].toSorted(byId));
      }),
    );
  });

  test("is not called covered where it is not", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 12 }), ({ ends }, at) => {
        const ids = ends.map((index) => FIRST_ID + BigInt(index));
        const early = snapshotAfter(new Set(ids.slice(0, at)));
        const late = snapshotAfter(new Set(ids));
        expect(covers(late, early)).toBe(true);
        expect(covers(early, late)).toBe(ids.slice(at).length === 0);
      }),
    );
  });
});

const anySnapshot = fc
  .uniqueArray(fc.integer({ min: 3, max: 14 }), { maxLength: 12 })
  .map((ids) => snapshotAfter(new Set(ids.map(BigInt))));

test("the meet shows what both show, the join what either shows", () => {
  fc.assert(
    fc.property(anySnapshot, anySnapshot, (a, b) => {
      const meet = meetOfSnapshots(a, b);
      const join = joinOfSnapshots(a, b);
      for (let id = FIRST_ID; id < 20n; id += 1n) {
        const [inA, inB] = [isVisibleIn(id, a), isVisibleIn(id, b)];
        expect(isVisibleIn(id, meet)).toBe(inA && inB);
        expect(isVisibleIn(id, join)).toBe(inA || inB);
      }
      for (const each of [meet, join]) expect(parsePgSnapshot(pgSnapshotText(each))).toEqual(each);
    }),
  );
});

describe("a snapshot's text", () => {
  test.each(["3:3:", "748:751:748,750", "1:1:"])("%s is read and written", (text) => {
    expect(pgSnapshotText(parsePgSnapshot(text as PgSnapshotText))).toBe(text);
  });

  test("of another form fails", () => {
    for (const text of ["", "3:3", "3:3:,", "a:b:c", "3:4:3,"]) {
      expect(() => parsePgSnapshot(text as PgSnapshotText)).toThrow(/no pg_snapshot/);
    }
  });
});
