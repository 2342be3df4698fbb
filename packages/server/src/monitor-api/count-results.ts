// `tests_completed_total`: what became of each submitted result.

import type { ServerContext } from "../context.ts";
import type { CallingMonitor } from "./authenticate-monitor.ts";
import type { StatusRefusal } from "./parse-status.ts";
import type { Submission } from "./parse-submission.ts";
import type { CountedStatus } from "./store-submissions.ts";

type ResultLabel =
  | "ok"
  | "offset"
  | "timeout"
  | "signature_validation"
  | "batch_out_of_order"
  | "refused"
  | "agent_fault"
  | "traceroute"
  | "duplicate";

export function countOutcomes(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Pick<Submission, "version">;
    readonly counted: readonly CountedStatus[];
    readonly refusals: readonly StatusRefusal[];
  },
): void {
  const { counted, refusals, ...rest } = input;
  for (const { step } of counted) {
    const result = step === -5 ? "timeout" : step < 1 ? "offset" : "ok";
    countResults(context, { ...rest, result, by: 1 });
  }
  for (const { code } of refusals) {
    const result =
      code === "bad_ticket"
        ? "signature_validation"
        : code === "batch_out_of_order"
          ? "batch_out_of_order"
          : "refused";
    countResults(context, { ...rest, result, by: 1 });
  }
}

export function countResults(
  context: ServerContext,
  input: {
    readonly monitor: CallingMonitor;
    readonly submission: Pick<Submission, "version">;
    readonly result: ResultLabel;
    readonly by: number;
  },
): void {
  const { monitor, submission, result, by } = input;
  if (by === 0) return;
  const labels = {
    monitor: monitor.name,
    ip_version: monitor.family,
    result,
    version: String(submission.version),
  };
  context.metrics.testsCompleted.inc(labels, by);
}
