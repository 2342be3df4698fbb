// Calls that come while a statement is under way are answered by the next one together: under load one statement, or one
// transaction, serves many calls; a single call does not wait for others.

import type { Clock } from "@truechimer/base";

export type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

export interface GathererOptions<Item, Value> {
  /** For each item its outcome, in the order of the items. When it rejects, all of them fail so. */
  readonly run: (items: readonly Item[]) => Promise<readonly Outcome<Value>[]>;
  /** Items of one key are never under way at the same time. Absent: any may be. */
  readonly keyOf?: (item: Item) => string;
  /** How much of a run an item takes. Default 1. */
  readonly weightOf?: (item: Item) => number;
  /** Weight of a run at most; an item that is heavier runs alone. */
  readonly weightMax: number;
  /** Runs at the same time. */
  readonly runsMax: number;
  /** When a run may begin beside another. Absent: at once. */
  readonly beside?: BesideOptions;
}

/** Small runs cost more than they do: what waits for the run before it comes together with what comes meanwhile. */
export interface BesideOptions {
  readonly clock: Pick<Clock, "setTimer">;
  /** This weight waits. */
  readonly weightMin: number;
  /** Or something has waited for so long, whatever the runs before it wait for. */
  readonly afterMs: number;
}

export interface Gatherer<Item, Value> {
  ask(item: Item): Promise<Value>;
  /** Items that wait for a run. */
  readonly waiting: number;
}

interface Waiting<Item, Value> {
  readonly item: Item;
  readonly key: string | undefined;
  readonly weight: number;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

export function createGatherer<Item, Value>(
  options: GathererOptions<Item, Value>,
): Gatherer<Item, Value> {
  const { run, keyOf, weightOf, weightMax, runsMax, beside } = options;
  let queue: Waiting<Item, Value>[] = [];
  const keysUnderWay = new Set<string>();
  let runs = 0;
  let isScheduled = false;
  let isOverdue = false;
  let isTimed = false;

  const schedule = (): void => {
    if (isScheduled || runs >= runsMax || queue.length === 0) return;
    if (runs > 0 && !mayBeBeside()) return;
    isScheduled = true;
    // After all that this turn of the event loop brings.
    setImmediate(start);
  };

  const mayBeBeside = (): boolean => {
    if (beside === undefined || isOverdue) return true;
    const free = queue.filter(({ key }) => key === undefined || !keysUnderWay.has(key));
    if (free.reduce((sum, { weight }) => sum + weight, 0) >= beside.weightMin) return true;
    if (!isTimed && free.length > 0) {
      isTimed = true;
      beside.clock.setTimer(beside.afterMs, () => {
        isTimed = false;
        isOverdue = queue.length > 0;
        schedule();
      });
    }
    return false;
  };

  const start = (): void => {
    isScheduled = false;
    isOverdue = false;
    const taken = take();
    if (taken.length === 0) return;
    runs += 1;
    void settle(taken);
    schedule();
  };

  const take = (): readonly Waiting<Item, Value>[] => {
    const taken: Waiting<Item, Value>[] = [];
    const left: Waiting<Item, Value>[] = [];
    let weight = 0;
    for (const each of queue) {
      const isBusy = each.key !== undefined && keysUnderWay.has(each.key);
      const isTooMuch = taken.length > 0 && weight + each.weight > weightMax;
      if (isBusy || isTooMuch) left.push(each);
      else {
        taken.push(each);
        weight += each.weight;
        if (each.key !== undefined) keysUnderWay.add(each.key);
      }
    }
    queue = left;
    return taken;
  };

  const settle = async (taken: readonly Waiting<Item, Value>[]): Promise<void> => {
    try {
      const outcomes = await run(taken.map(({ item }) => item));
      for (const [index, { resolve, reject }] of taken.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) reject(new Error("a run gave no outcome for one of its items"));
        else if ("value" in outcome) resolve(outcome.value);
        else reject(outcome.error);
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      runs -= 1;
      for (const { key } of taken) if (key !== undefined) keysUnderWay.delete(key);
      schedule();
    }
  };

  return {
    ask: (item) =>
      new Promise((resolve, reject) => {
        queue.push({
          item,
          key: keyOf?.(item),
          weight: weightOf?.(item) ?? 1,
          resolve,
          reject,
        });
        schedule();
      }),
    get waiting() {
      return queue.length;
    },
  };
}
