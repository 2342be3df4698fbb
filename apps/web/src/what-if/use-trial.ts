// A trial under way: how far it has come, what it found, or why it broke off. Leaving the page ends it.

import type { rulesV1 } from "@truechimer/api";
import { useCallback, useEffect, useRef, useState } from "react";
import { rulesClient } from "../api/client.ts";
import { timestampOf } from "../api/message.ts";
import { type Problem, problemOf } from "../api/problem.ts";
import type { TrialQuestion } from "../api/queries.ts";

/** A long history takes minutes; it says how far it is. */
const NO_TIMEOUT_MS = 0;

export type TrialState =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly progress: rulesV1.TrialProgress | undefined }
  | {
      readonly kind: "done";
      readonly question: TrialQuestion;
      readonly result: rulesV1.TrialResult;
    }
  | { readonly kind: "failed"; readonly problem: Problem };

export interface Trial {
  readonly state: TrialState;
  readonly start: (question: TrialQuestion) => void;
  readonly stop: () => void;
}

export function useTrial(): Trial {
  const [state, setState] = useState<TrialState>({ kind: "none" });
  const running = useRef<AbortController>(undefined);
  const stop = useCallback((): void => {
    running.current?.abort();
    setState({ kind: "none" });
  }, []);
  const start = useCallback((question: TrialQuestion): void => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState({ kind: "running", progress: undefined });
    const tell = (next: TrialState): void => {
      if (!controller.signal.aborted) setState(next);
    };
    tryRules(question, controller.signal, tell).catch((error: unknown) =>
      tell({ kind: "failed", problem: problemOf(error) }),
    );
  }, []);
  useEffect(() => () => running.current?.abort(), []);
  return { state, start, stop };
}

async function tryRules(
  question: TrialQuestion,
  signal: AbortSignal,
  tell: (state: TrialState) => void,
): Promise<void> {
  const { documentJson, fromMs, toMs } = question;
  const request = { documentJson, from: timestampOf(fromMs), to: timestampOf(toMs) };
  for await (const { event } of rulesClient.tryRuleSet(request, {
    signal,
    timeoutMs: NO_TIMEOUT_MS,
  })) {
    if (event.case === "progress") tell({ kind: "running", progress: event.value });
    if (event.case === "result") tell({ kind: "done", question, result: event.value });
  }
}
