import { AppError, systemClock } from "@truechimer/base";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { createServerMetrics } from "../server-metrics.ts";
import { createCallsInFlight } from "./calls-in-flight.ts";
import { observeCall } from "./observe-call.ts";

async function logged(error: Error, hungUp = false): Promise<readonly string[]> {
  const lines: string[] = [];
  const context = {
    clock: systemClock,
    logger: { ...silentLogger, error: (_fields: unknown, text: string) => lines.push(text) },
    metrics: createServerMetrics(createMetrics({ version: "0.1.0", processMetrics: false })),
  };
  const call = {
    service: "truechimer.agent.v1.AgentService",
    method: "Watch",
    traceparent: undefined,
    isGone: () => hungUp,
  };
  const work = async (): Promise<never> => {
    throw error;
  };
  await expect(observeCall(context, createCallsInFlight(), call, work)).rejects.toThrow();
  return lines;
}

test("a caller that hangs up while his request is read is no failure of ours, whether its signal has come or not", async () => {
  const aborted = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  expect(await logged(aborted)).toEqual([]);
  expect(await logged(aborted, true)).toEqual([]);
});

test("what fails behind a procedure is logged, a lost connection of the database too", async () => {
  expect(await logged(new Error("broken"))).toEqual(["call failed"]);
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const away = new AppError("database_unreachable", "away", { cause: reset });
  expect(await logged(away)).toEqual(["call failed"]);
});
