// The loop that judges faults, as it runs when the real servers are due.

import { systemClock, systemRandom, unixMsFromNs } from "@truechimer/base";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import type { TestDatabase } from "@truechimer/testing-postgres";
import { afterAll } from "vitest";
import { createFaultThread } from "../src/fault/fault-thread.ts";
import { judgeAllFaults } from "../src/fault/judge-faults.ts";
import type { HotHistory } from "../src/history/hot-history.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { createLimits } from "../src/limits/limits.ts";
import { NO_NETWORKS } from "../src/networks/networks.ts";
import type { ServerPolicy } from "../src/policy.ts";
import { createServerMetrics } from "../src/server-metrics.ts";

export interface Judging {
  /** Absent: the database is asked. */
  readonly history?: HotHistory;
  readonly signal?: AbortSignal;
  /** What differs from that of one host. */
  readonly policy?: Partial<ServerPolicy>;
}

/** Its thread ends with the file. */
export async function useFaultJudge(
  database: TestDatabase,
): Promise<(judging?: Judging) => Promise<void>> {
  const faultThread = createFaultThread({ url: database.url });
  const { rateLimits: counter } = createServerMetrics(createMetrics({ version: "0.0.0-test" }));
  const world = { database, random: systemRandom, logger: silentLogger };
  const limits = await createLimits({ ...world, clock: systemClock, counter, settings: {} });
  afterAll(async () => {
    await faultThread[Symbol.asyncDispose]();
    await limits[Symbol.asyncDispose]();
  });
  return async ({ history, signal, policy } = {}) => {
    const everyMs = LOCAL_POLICY.probe.checkIntervalMs / 3;
    const nowMs = Math.ceil(unixMsFromNs(systemClock.nowNs()) / everyMs) * everyMs;
    // The results lie a little further back then, and still in the same minutes.
    const clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
    await judgeAllFaults(
      {
        ...world,
        clock,
        limits,
        faultThread,
        policy: { ...LOCAL_POLICY, ...policy },
        networks: NO_NETWORKS,
        ...(history === undefined ? {} : { history }),
      },
      signal,
    );
  };
}
