// Something that a form does: busy while it runs, and what went wrong, kept until the next try.

import { useCallback, useState } from "react";
import { type Problem, problemOf } from "../api/problem.ts";

export interface Action {
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  /** Runs it; a failure is kept, and nothing else changes. */
  readonly run: (work: () => Promise<void>) => void;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = useCallback((work: () => Promise<void>): void => {
    setBusy(true);
    setProblem(undefined);
    work()
      .catch((error: unknown) => setProblem(problemOf(error)))
      .finally(() => setBusy(false));
  }, []);
  return { busy, problem, run };
}
