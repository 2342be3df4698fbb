import { describe, expect, test } from "vitest";
import { type BesideOptions, createGatherer, type Outcome } from "./gather.ts";

interface Run {
  readonly items: readonly string[];
  readonly end: (outcomes?: readonly Outcome<string>[]) => void;
  readonly fail: (error: Error) => void;
}

function useGatherer(
  options: { weightMax?: number; runsMax?: number; beside?: BesideOptions } = {},
) {
  const runs: Run[] = [];
  const gatherer = createGatherer<string, string>({
    weightMax: 10,
    runsMax: 1,
    ...options,
    keyOf: (item) => item.charAt(0),
    run: (items) =>
      new Promise((resolve, reject) => {
        runs.push({
          items,
          end: (outcomes = items.map((item) => ({ value: `${item}!` }))) => resolve(outcomes),
          fail: reject,
        });
      }),
  });
  return { runs, gatherer };
}

/** One turn of the event loop, in which a run may begin. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

test("what comes in one turn of the event loop is one run", async () => {
  const { runs, gatherer } = useGatherer();
  const answers = Promise.all(["a", "b", "c"].map((item) => gatherer.ask(item)));
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([["a", "b", "c"]]);
  runs[0]?.end();
  expect(await answers).toEqual(["a!", "b!", "c!"]);
});

test("what comes while a run is under way is the next one", async () => {
  const { runs, gatherer } = useGatherer();
  const first = gatherer.ask("a");
  await turn();
  const later = [gatherer.ask("b"), gatherer.ask("c")];
  await turn();
  expect(runs).toHaveLength(1);
  expect(gatherer.waiting).toBe(2);
  runs[0]?.end();
  await first;
  await turn();
  expect(runs[1]?.items).toEqual(["b", "c"]);
  runs[1]?.end();
  expect(await Promise.all(later)).toEqual(["b!", "c!"]);
});

test("two of one key are never under way at the same time, and others go past them", async () => {
  const { runs, gatherer } = useGatherer({ runsMax: 2 });
  const answers = ["a1", "a2", "b1"].map((item) => gatherer.ask(item));
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([["a1", "b1"]]);
  runs[0]?.end();
  await turn();
  expect(runs[1]?.items).toEqual(["a2"]);
  runs[1]?.end();
  expect(await Promise.all(answers)).toEqual(["a1!", "a2!", "b1!"]);
});

test("a run takes no more than its weight", async () => {
  const { runs, gatherer } = useGatherer({ weightMax: 2, runsMax: 2 });
  const answers = Promise.all(["a", "b", "c", "d", "e"].map((item) => gatherer.ask(item)));
  await turn();
  expect(runs.map(({ items }) => items)).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  for (const run of runs) run.end();
  await turn();
  runs[2]?.end();
  expect(await answers).toEqual(["a!", "b!", "c!", "d!", "e!"]);
});

test("one item's failure is its own, a run's failure that of all its items", async () => {
  const { runs, gatherer } = useGatherer();
  const one = Promise.allSettled(["a", "b"].map((item) => gatherer.ask(item)));
  await turn();
  runs[0]?.end([{ error: new Error("bad") }, { value: "good" }]);
  expect((await one).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  const all = Promise.allSettled(["a", "b"].map((item) => gatherer.ask(item)));
  await turn();
  runs[1]?.fail(new Error("the database is away"));
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const after = gatherer.ask("a");
  await turn();
  runs[2]?.end();
  expect(await after).toBe("a!");
});

describe("a run beside another", () => {
  function useBeside() {
    const timers: (() => void)[] = [];
    const clock = {
      setTimer: (_delayMs: number, callback: () => void) => {
        timers.push(callback);
        return () => undefined;
      },
    };
    const beside = { clock, weightMin: 3, afterMs: 20 };
    return { timers, ...useGatherer({ runsMax: 2, beside }) };
  }

  test("begins once enough waits for it", async () => {
    const { runs, gatherer } = useBeside();
    const answers = [gatherer.ask("a")];
    await turn();
    answers.push(gatherer.ask("b"), gatherer.ask("c"));
    await turn();
    expect(runs).toHaveLength(1);
    answers.push(gatherer.ask("d"));
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([["a"], ["b", "c", "d"]]);
    for (const run of runs) run.end();
    expect(await Promise.all(answers)).toEqual(["a!", "b!", "c!", "d!"]);
  });

  test("what could not be in it does not count", async () => {
    const { runs, gatherer } = useBeside();
    const answers = [gatherer.ask("a1")];
    await turn();
    answers.push(...["a2", "a3", "a4", "b"].map((item) => gatherer.ask(item)));
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([["a1"]]);
    for (let ended = 0; ended < 4; ended += 1) {
      runs[ended]?.end();
      await turn();
    }
    expect(await Promise.all(answers)).toHaveLength(5);
  });

  test("begins when something has waited for long, whatever the one before it waits for", async () => {
    const { runs, timers, gatherer } = useBeside();
    const first = gatherer.ask("a");
    await turn();
    const second = gatherer.ask("b");
    await turn();
    expect(runs).toHaveLength(1);
    expect(timers).toHaveLength(1);
    timers[0]?.();
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([["a"], ["b"]]);
    runs[1]?.end();
    expect(await second).toBe("b!");
    runs[0]?.end();
    expect(await first).toBe("a!");
  });

  test("a wait that is over when its time comes starts nothing, and the next has its own", async () => {
    const { runs, timers, gatherer } = useBeside();
    const first = gatherer.ask("a");
    await turn();
    const second = gatherer.ask("b");
    await turn();
    runs[0]?.end();
    await first;
    await turn();
    timers[0]?.();
    const third = gatherer.ask("c");
    await turn();
    expect(runs).toHaveLength(2);
    expect(timers).toHaveLength(2);
    timers[1]?.();
    await turn();
    for (const run of runs.slice(1)) run.end();
    expect(await Promise.all([second, third])).toEqual(["b!", "c!"]);
  });
});
