import { systemClock } from "@truechimer/base";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { expect, test, vi } from "vitest";
import type { ServerContext } from "../context.ts";
import { createServerMetrics } from "../server-metrics.ts";
import { startScorer } from "./scorer-loop.ts";

test("after an error the pause is kept, however often it is woken", async () => {
  let tries = 0;
  let timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
  const database = {
    get kysely(): never {
      tries += 1;
      throw new Error("the database is away");
    },
  } as unknown as ServerContext["database"];
  const scorer = startScorer({
    database,
    clock: {
      ...systemClock,
      setTimer: (delayMs, callback) => {
        const timer = { delayMs, callback };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    logger: silentLogger,
    metrics: createServerMetrics(createMetrics({ version: "0.0.0-test" })),
  } as ServerContext);
  for (const delayMs of [200, 400, 800]) {
    await vi.waitFor(() => expect(timers.map((timer) => timer.delayMs)).toEqual([delayMs]), 20_000);
    const triesBefore = tries;
    for (let wakes = 0; wakes < 10; wakes += 1) {
      scorer.wake();
      await Promise.resolve();
    }
    expect(tries).toBe(triesBefore);
    const [timer] = timers;
    timers = [];
    timer?.callback();
  }
  await scorer[Symbol.asyncDispose]();
});
