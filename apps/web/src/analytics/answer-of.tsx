// An answer as a page shows it: what went wrong, a skeleton while nothing is there, and then what it says.

import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";

/** An older answer stays below the note that the newest one failed. */
export function AnswerOf<Answer>(props: {
  readonly query: UseQueryResult<Answer>;
  /** "the movers": what is being read. */
  readonly what: string;
  /** "The movers could not be read" */
  readonly failed: string;
  readonly children: (answer: Answer) => ReactNode;
}): ReactNode {
  const { query, what, failed, children } = props;
  return (
    <>
      {query.isError ? (
        <ProblemNote error={query.error} title={failed} onRetry={() => void query.refetch()} />
      ) : null}
      {query.data !== undefined ? (
        children(query.data)
      ) : query.isError ? null : (
        <PageSkeleton what={what} />
      )}
    </>
  );
}
