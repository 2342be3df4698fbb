// Calls that come while a statement is under way are answered by the next one together: under load one statement, or one
// transaction, serves many calls; a single call does not wait for others.

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
  const { run, keyOf, weightOf, weightMax, runsMax } = options;
  let queue: Waiting<Item, Value>[] = [];
  const keysUnderWay = new Set<string>();
  let runs = 0;
  let isScheduled = false;

  const schedule = (): void => {
    if (isScheduled || runs >= runsMax || queue.length === 0) return;
    isScheduled = true;
    // After all that this turn of the event loop brings.
    setImmediate(start);
  };

  const start = (): void => {
    isScheduled = false;
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
