// A check on demand, followed while it runs. Leaving the page or asking again gives the one before up.

import { adminV1 } from "@truechimer/api";
import { useCallback, useEffect, useRef, useState } from "react";
import { adminClient } from "../api/client.ts";
import { type Problem, problemOf } from "../api/problem.ts";
import {
  beginRun,
  type CheckNowKind,
  type CheckNowRun,
  endRun,
  onCheckNowEvent,
} from "./check-now-state.ts";

/** A traceroute of 30 silent hops takes this long at most; the server ends it sooner. */
const STREAM_TIMEOUT_MS = 120_000;
const WIRE_KINDS: Readonly<Record<CheckNowKind, adminV1.OnDemandKind>> = {
  check: adminV1.OnDemandKind.NTP_CHECK,
  traceroute: adminV1.OnDemandKind.TRACEROUTE,
};

export interface CheckNowQuestion {
  readonly serverId: bigint;
  readonly kind: CheckNowKind;
  readonly monitorsMax: number;
}

export interface CheckNow {
  readonly run: CheckNowRun | undefined;
  readonly problem: Problem | undefined;
  readonly start: (question: CheckNowQuestion) => void;
  readonly stop: () => void;
}

export function useCheckNow(): CheckNow {
  const [run, setRun] = useState<CheckNowRun>();
  const [problem, setProblem] = useState<Problem>();
  const current = useRef<AbortController>(undefined);
  const stop = useCallback(() => {
    current.current?.abort();
    setRun((before) => (before === undefined ? undefined : endRun(before)));
  }, []);
  useEffect(() => () => current.current?.abort(), []);
  const start = useCallback((question: CheckNowQuestion) => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    setProblem(undefined);
    setRun(beginRun(question.kind));
    void follow(question, controller.signal, setRun).catch((error: unknown) => {
      if (controller.signal.aborted) return;
      setProblem(problemOf(error));
      setRun((before) => (before === undefined ? undefined : endRun(before)));
    });
  }, []);
  return { run, problem, start, stop };
}

async function follow(
  { serverId, kind, monitorsMax }: CheckNowQuestion,
  signal: AbortSignal,
  onRun: (change: (before: CheckNowRun | undefined) => CheckNowRun | undefined) => void,
): Promise<void> {
  const stream = adminClient.checkNow(
    { serverId, kind: WIRE_KINDS[kind], monitorsMax },
    { signal, timeoutMs: STREAM_TIMEOUT_MS },
  );
  for await (const message of stream) {
    if (signal.aborted) return;
    onRun((before) => (before === undefined ? before : onCheckNowEvent(before, message)));
  }
  if (!signal.aborted) onRun((before) => (before === undefined ? before : endRun(before)));
}
