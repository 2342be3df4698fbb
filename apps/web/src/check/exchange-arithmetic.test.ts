import fc from "fast-check";
import { expect, test } from "vitest";
import { exchangePlaces, workOut } from "./exchange-arithmetic.ts";

test("the textbook's numbers", () => {
  const out = workOut({ t1: 1_000n, t2: 1_150n, t3: 1_170n, t4: 1_100n });
  expect(out).toEqual({
    thereNs: 150n,
    backNs: 70n,
    offsetNs: 110n,
    wholeNs: 100n,
    insideNs: 20n,
    delayNs: 80n,
  });
});

test("a clock that is ahead on a symmetric path is measured exactly, whatever the delay", () => {
  const ns = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
  const length = fc.bigInt({ min: 0n, max: 10n ** 9n });
  fc.assert(
    fc.property(ns, length, length, (offset, way, inside) => {
      const t1 = 10n ** 18n;
      const t2 = t1 + way + offset;
      const t3 = t2 + inside;
      const t4 = t1 + 2n * way + inside;
      expect(workOut({ t1, t2, t3, t4 })).toMatchObject({ offsetNs: offset, delayNs: 2n * way });
    }),
  );
});

test("the picture keeps the order of the stamps and says when it is not to scale", () => {
  const quick = exchangePlaces({ t1: 0n, t2: 5_000n, t3: 5_010n, t4: 10_010n });
  expect(quick.toScale).toBe(false);
  expect(quick.t2).toBeLessThan(quick.t3);
  expect(exchangePlaces({ t1: 0n, t2: 300n, t3: 700n, t4: 1_000n })).toEqual({
    t2: 0.3,
    t3: 0.7,
    toScale: true,
  });
});
