// A question that is asked again while what kept it from an answer may pass: a restart of the control plane, or a failover of
// its database.

import { AppError, type ErrorCode, sleep } from "@truechimer/base";
import type { CliContext } from "../cli-context.ts";

const RETRY_MS = 1_000;
/** Within a minute. */
const RETRIES_MAX = 60;
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "peer_unreachable",
  "stopped",
  "database_unreachable",
  "database_busy",
  "limit_exceeded",
]);

export async function patiently<Answer>(
  { clock }: Pick<CliContext, "clock">,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await ask();
    } catch (error) {
      const mayPass = error instanceof AppError && PASSING.has(error.code);
      if (!mayPass || retries >= RETRIES_MAX || signal.aborted) throw error;
      await sleep(clock, RETRY_MS, signal);
    }
  }
}
