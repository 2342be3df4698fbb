import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_ANSWER, type PlannedProbe, type ProbeFate, TracePlan } from "./trace-plan.ts";

/** Runs a plan over a path of which each hop has one fate; returns the probes in the order of sending. */
function run(
  fateOf: (probe: PlannedProbe) => ProbeFate,
  options: Partial<ConstructorParameters<typeof TracePlan>[0]> = {},
): { readonly plan: TracePlan; readonly sent: readonly PlannedProbe[]; readonly aheadMax: number } {
  const plan = new TracePlan({ hopsMax: 30, probesPerHop: 3, ...options });
  const sent: PlannedProbe[] = [];
  const flying: PlannedProbe[] = [];
  let aheadMax = 0;
  while (!plan.isWhole) {
    for (let next = plan.next(); next !== undefined; next = plan.next()) {
      plan.sent(next);
      sent.push(next);
      flying.push(next);
    }
    aheadMax = Math.max(aheadMax, new Set(flying.map(({ hopLimit }) => hopLimit)).size);
    const landed = flying.shift();
    if (landed === undefined) throw new Error("nothing is under way and the plan is not whole");
    plan.result(landed, { fate: fateOf(landed), answer: NO_ANSWER });
  }
  return { plan, sent, aheadMax };
}

/** Routers up to the server at `end`. */
const pathTo =
  (end: number): ((probe: PlannedProbe) => ProbeFate) =>
  ({ hopLimit }) =>
    hopLimit < end ? "router" : "end";

describe("the plan of a traceroute", () => {
  test("sends three probes to each router, and asks the server once or twice", () => {
    const { plan, sent } = run(pathTo(5));
    expect(plan.isReached).toBe(true);
    expect(plan.hops().map(({ answers }) => answers.length)).toEqual([3, 3, 3, 3, 1]);
    expect(sent.filter(({ hopLimit }) => hopLimit >= 5).length).toBeLessThanOrEqual(2);
  });

  test("a server on the same link is one hop with one answer", () => {
    expect(run(pathTo(1)).plan.hops()).toMatchObject([{ hopLimit: 1, answers: [{}] }]);
  });

  test("has at most three hops without a result under way", () => {
    expect(run(pathTo(20)).aheadMax).toBeLessThanOrEqual(3);
    expect(run(() => "silence").aheadMax).toBeLessThanOrEqual(3);
  });

  test("gives up after eight silent hops in a row, not after eight in all", () => {
    const lastRouter = run(({ hopLimit }) => (hopLimit <= 4 ? "router" : "silence"));
    expect(lastRouter.plan.hops()).toHaveLength(12);
    expect(lastRouter.plan.isReached).toBe(false);
    const everySecond = run(({ hopLimit }) => (hopLimit % 2 === 0 ? "silence" : "router"));
    expect(everySecond.plan.hops()).toHaveLength(30);
  });

  test("ends at a router that says that it goes no further", () => {
    const { plan } = run(({ hopLimit }) => (hopLimit === 3 ? "barrier" : "router"));
    expect(plan.hops()).toHaveLength(3);
    expect(plan.isReached).toBe(false);
  });

  test("one lost probe of a hop does not hide the router", () => {
    const { plan } = run(({ hopLimit, index }) => {
      if (hopLimit === 2 && index === 0) return "silence";
      return hopLimit < 4 ? "router" : "end";
    });
    expect(plan.hops()[1]?.answers).toHaveLength(3);
  });

  test("comes to an end on every path, within its number of probes and hops", () => {
    const fates = fc.constantFrom<ProbeFate>("router", "end", "barrier", "silence");
    const path = fc.array(fc.array(fates, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
    const counts = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(path, counts, counts, (hops, hopsMax, probesPerHop) => {
        const fateOf = ({ hopLimit, index }: PlannedProbe): ProbeFate => {
          const fate = hops[hopLimit - 1];
          return fate?.[index % fate.length] ?? "silence";
        };
        const { plan, sent } = run(fateOf, { hopsMax, probesPerHop });
        expect(sent.length).toBeLessThanOrEqual(hopsMax * probesPerHop);
        expect(plan.hops().length).toBeLessThanOrEqual(hopsMax);
        const keys = sent.map(({ hopLimit, index }) => `${hopLimit}.${index}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});
