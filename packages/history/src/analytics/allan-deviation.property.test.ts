// Against the published vectors of NIST Special Publication 1065, section 12.4 (the nine points of NBS Monograph 140, annex 8.E, and
// the thousand of a generator), and against the laws of clocks.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AllanDeviation, type AllanOptions, AllanSeries } from "./allan-deviation.ts";

const SECOND = 1_000_000;
const NS = 1e9;

function deviationOf(
  points: readonly (readonly [atUs: number, offsetNs: number])[],
  options?: AllanOptions,
): AllanDeviation {
  const series = new AllanSeries();
  for (const [atUs, offsetNs] of points) series.add(atUs, offsetNs);
  const steps = series.deviation(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Offsets that begin at 0, from frequencies over one second each. */
function phaseOf(frequencies: readonly number[]): (readonly [number, number])[] {
  const offsets = [0];
  for (const frequency of frequencies) offsets.push((offsets.at(-1) as number) + frequency);
  return offsets.map((offset, at) => [at * SECOND, offset * NS] as const);
}

/** Park and Miller's minimal standard generator, 0 to 1. */
function* parkMiller(seed: number): Generator<number, never, void> {
  let state = seed;
  for (;;) {
    yield state / 2_147_483_647;
    state = Number((16_807n * BigInt(state)) % 2_147_483_647n);
  }
}

/** Normally distributed, from the same generator. */
function gaussian(count: number, seed: number): readonly number[] {
  const uniform = parkMiller(seed);
  return Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(uniform.next().value));
    return radius * Math.cos(2 * Math.PI * uniform.next().value);
  });
}

function slopeOf({ points }: AllanDeviation): number {
  const logs = points.map(
    ({ tauUs, deviation }) => [Math.log(tauUs), Math.log(deviation)] as const,
  );
  const mean = (of: 0 | 1): number => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  return covariance / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}

describe("published vectors", () => {
  test("the nine frequencies of NBS Monograph 140", () => {
    const points = phaseOf([892, 809, 823, 798, 671, 644, 883, 903, 677]);
    const found = deviationOf(points, { factors: [1, 2] });
    expect(found.points[0]?.deviation).toBeCloseTo(91.22945, 5);
    expect(found.points[1]?.deviation).toBeCloseTo(85.95287, 5);
    expect(found.points.map(({ terms }) => terms)).toEqual([8, 6]);
  });

  test("the thousand frequencies of the generator", () => {
    const uniform = parkMiller(1_234_567_890);
    const points = phaseOf(Array.from({ length: 1_000 }, () => uniform.next().value));
    const found = deviationOf(points, { factors: [1, 10, 100] });
    const deviations = found.points.map(({ deviation }) => deviation);
    for (const [at, published] of [0.2922319, 0.09159953, 0.03241343].entries())
      expect((deviations[at] ?? 0) / published).toBeCloseTo(1, 6);
  });
});

describe("laws", () => {
  const jittered = fc
    .tuple(
      fc.array(fc.integer({ min: -20_000_000, max: 20_000_000 }), {
        minLength: 20,
        maxLength: 120,
      }),
      fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }),
    )
    .map(([jitters, missing]) =>
      jitters
        .map((jitter, at) => 64 * SECOND * at + jitter)
        .filter((_us, at) => missing[at] !== true || at < 3),
    );

  test("a constant offset and a constant frequency error are perfectly stable, with any gaps and jitter", () => {
    fc.assert(
      fc.property(
        jittered,
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.integer({ min: -50, max: 50 }),
        (times, offsetNs, partsPerMillion) => {
          const points = times.map(
            (us) => [us, offsetNs + partsPerMillion * 1e-6 * us * 1e3] as const,
          );
          for (const { deviation } of deviationOf(points).points)
            expect(deviation).toBeLessThan(1e-13);
        },
      ),
    );
  });

  test("neither a shift in time nor an added line changes it, and it grows with the clock's errors", () => {
    fc.assert(
      fc.property(
        jittered,
        fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 120, maxLength: 120 }),
        (times, errors) => {
          const points = times.map((us, at) => [us, errors[at] ?? 0] as const);
          const plain = deviationOf(points);
          const moved = deviationOf(points.map(([us, ns]) => [us + 10 * SECOND, ns + 3e-3 * us]));
          const doubled = deviationOf(points.map(([us, ns]) => [us, 2 * ns]));
          for (const [at, { deviation, terms }] of plain.points.entries()) {
            expect(moved.points[at]?.terms).toBe(terms);
            expect(moved.points[at]?.deviation).toBeCloseTo(deviation, 11);
            expect(doubled.points[at]?.deviation).toBeCloseTo(2 * deviation, 11);
          }
        },
      ),
    );
  });

  test("white phase noise falls with the averaging time, at the root of three times its size", () => {
    const sigmaNs = 1_000;
    const points = gaussian(20_000, 42).map(
      (value, at) => [at * 64 * SECOND, sigmaNs * value] as const,
    );
    const found = deviationOf(points, { factors: [1, 2, 4, 8, 16, 32, 64] });
    expect(slopeOf(found)).toBeCloseTo(-1, 1);
    for (const { tauUs, deviation } of found.points)
      expect((deviation * tauUs) / (Math.sqrt(3) * sigmaNs * 1e-3)).toBeCloseTo(1, 1);
  });

  test("white frequency noise falls with the root of the averaging time, also with a third of the checks missing", () => {
    const steps = gaussian(20_000, 7);
    let offsetNs = 0;
    const points = steps.map((value, at) => {
      offsetNs += 1_000 * value;
      return [at * 64 * SECOND, offsetNs] as const;
    });
    const factors = [1, 2, 4, 8, 16, 32];
    expect(slopeOf(deviationOf(points, { factors }))).toBeCloseTo(-0.5, 1);
    const uniform = parkMiller(99);
    const gappy = points.filter(() => uniform.next().value > 1 / 3);
    const found = deviationOf(gappy, { factors });
    expect(slopeOf(found)).toBeCloseTo(-0.5, 1);
    expect(found.filled / found.slots).toBeCloseTo(2 / 3, 1);
  });

  test("a gap costs terms and makes up none", () => {
    const even = Array.from({ length: 41 }, (_unused, at) => [at * SECOND, at % 3] as const);
    const gappy = even.filter(([us]) => us !== 20 * SECOND);
    expect(deviationOf(even, { factors: [1] }).points[0]?.terms).toBe(39);
    const found = deviationOf(gappy, { factors: [1] });
    expect(found.points[0]?.terms).toBe(36);
    expect([found.slots, found.filled]).toEqual([41, 40]);
  });

  test("too little to say anything says nothing", () => {
    expect(deviationOf([])).toEqual({ tau0Us: 0, slots: 0, filled: 0, points: [] });
    expect(deviationOf([[5, 1]]).points).toEqual([]);
    expect(
      deviationOf([
        [5, 1],
        [5, 2],
      ]).points,
    ).toEqual([]);
    expect(
      deviationOf([
        [0, 1],
        [9, 2],
      ]).points,
    ).toEqual([]);
    expect(
      deviationOf(
        [
          [0, 1],
          [1, 2],
          [2, 9],
        ],
        { termsMin: 2 },
      ).points,
    ).toEqual([]);
  });

  test("a grid of too many slots is made coarser", () => {
    const points = [
      ...Array.from({ length: 100 }, (_unused, at) => [at * SECOND, at] as const),
      [3_000_000 * SECOND, 3_000_000] as const,
    ];
    const found = deviationOf(points);
    expect(found.slots).toBeLessThanOrEqual(200_001);
    expect(found.tau0Us).toBe(15 * SECOND);
  });
});
