// Work that many wake up and that runs once at a time: whoever wakes it while it runs makes it run once more.

export interface CoalescedRun {
  wake(): void;
  /** Resolves when nothing runs. */
  settled(): Promise<void>;
}

/** `work` must not reject. */
export function createCoalescedRun(work: () => Promise<void>): CoalescedRun {
  let again = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  };
  return {
    wake: () => {
      again = true;
      running ??= run();
    },
    settled: async () => {
      await running;
    },
  };
}
