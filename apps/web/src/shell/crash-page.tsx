// The page itself failed: say so, offer the way out, keep the address.

import type { ReactNode } from "react";
import { ProblemNote } from "../parts/states.tsx";

export function CrashPage(props: { readonly error: unknown }): ReactNode {
  return (
    <ProblemNote
      error={props.error}
      title="This page failed"
      onRetry={() => globalThis.location.reload()}
    />
  );
}
