// What a check on demand has come to so far: who is asked, what each found, whether it is over.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";

export type CheckNowKind = "check" | "traceroute";

export interface CheckNowRun {
  readonly kind: CheckNowKind;
  readonly phase: "asking" | "waiting" | "ended";
  readonly monitors: readonly adminV1.Monitor[];
  /** By monitor id, in the order in which they came. */
  readonly answers: ReadonlyMap<bigint, adminV1.CheckNowAnswer>;
  readonly expiresAtMs: number | undefined;
}

/** The beginning: nobody is asked yet. */
export function beginRun(kind: CheckNowKind): CheckNowRun {
  return { kind, phase: "asking", monitors: [], answers: new Map(), expiresAtMs: undefined };
}

/** One more word of the stream. */
export function onCheckNowEvent(
  run: CheckNowRun,
  { event }: Pick<adminV1.CheckNowResponse, "event">,
): CheckNowRun {
  switch (event.case) {
    case "asked":
      return {
        ...run,
        phase: "waiting",
        monitors: event.value.monitors,
        expiresAtMs: msOf(event.value.expiresAt),
      };
    case "answer":
      return { ...run, answers: new Map(run.answers).set(event.value.monitorId, event.value) };
    case "ended":
      return { ...run, phase: "ended" };
    default:
      return run;
  }
}

/** The stream is over, whether or not it said so. */
export function endRun(run: CheckNowRun): CheckNowRun {
  return { ...run, phase: "ended" };
}

/** How it stands, in one sentence. */
export function runSentence(run: CheckNowRun): string {
  const asked = run.monitors.length;
  const answered = run.answers.size;
  if (run.phase === "asking") return "Asking…";
  if (asked === 0)
    return "Nobody could be asked: no monitor of this IP family holds a connection open.";
  if (run.phase === "waiting") return `${answered} of ${asked} answered so far.`;
  if (answered === 0) return `None of ${asked} answered in time.`;
  const failed = [...run.answers.values()].filter(({ reason }) => reason !== "").length;
  const all = answered === asked ? `All ${asked} answered` : `${answered} of ${asked} answered`;
  if (failed === 0) return `${all}.`;
  return `${all}; ${failed} without ${run.kind === "check" ? "an offset" : "a whole path"}.`;
}
