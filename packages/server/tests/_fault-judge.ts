// The loop that judges faults, as it runs when the real servers are due.

import { systemClock, unixMsFromNs } from "@truechimer/base";
import type { TestDatabase } from "@truechimer/testing-postgres";
import { afterAll } from "vitest";
import { createFaultThread } from "../src/fault/fault-thread.ts";
import { judgeAllFaults } from "../src/fault/judge-faults.ts";
import type { HotHistory } from "../src/history/hot-history.ts";
import { LOCAL_POLICY } from "../src/index.ts";
import { NO_NETWORKS } from "../src/networks/networks.ts";

export interface Judging {
  /** Absent: the database is asked. */
  readonly history?: HotHistory;
  readonly signal?: AbortSignal;
}

/** Its thread ends with the file. */
export async function useFaultJudge(
  database: TestDatabase,
): Promise<(judging?: Judging) => Promise<void>> {
  const faultThread = createFaultThread({ url: database.url });
  afterAll(() => faultThread[Symbol.asyncDispose]());
  return async ({ history, signal } = {}) => {
    const everyMs = LOCAL_POLICY.probe.checkIntervalMs / 3;
    const nowMs = Math.ceil(unixMsFromNs(systemClock.nowNs()) / everyMs) * everyMs;
    // The results lie a little further back then, and still in the same minutes.
    const clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
    await judgeAllFaults(
      {
        database,
        clock,
        faultThread,
        policy: LOCAL_POLICY,
        networks: NO_NETWORKS,
        ...(history === undefined ? {} : { history }),
      },
      signal,
    );
  };
}
