// The one clock that nobody else watches: this browser's own.

import type { ReactNode } from "react";
import { clockSkewStore } from "../api/connection.ts";
import { aheadOrBehind } from "../format/offset.ts";
import { useStore } from "../parts/store.ts";

/** Below it the difference is within what a browser can tell. */
const SKEW_TOLD_MS = 1_000;

export function SkewNote(): ReactNode {
  const skewMs = useStore(clockSkewStore);
  if (Math.abs(skewMs) < SKEW_TOLD_MS) return null;
  return (
    <p className="skew-note" role="status">
      This browser's clock is {aheadOrBehind(-skewMs * 1e6)}. Ages and ranges are counted by the
      server's.
    </p>
  );
}
