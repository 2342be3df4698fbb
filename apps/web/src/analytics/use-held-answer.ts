// An answer that stands still while somebody looks closely, until another question is asked.

import { useRef } from "react";

/** `isOld`: the answer is still that of the question before. */
export interface HeldAnswer<Answer> {
  readonly question: string;
  readonly answer: Answer;
  readonly isOld: boolean;
}

/** The newest answer, or while held the first one to the same question. */
export function useHeldAnswer<Answer>(newest: HeldAnswer<Answer>, held: boolean): Answer {
  const kept = useRef(newest);
  const { question, isOld } = kept.current;
  if (!held || isOld || question !== newest.question) kept.current = newest;
  return kept.current.answer;
}
