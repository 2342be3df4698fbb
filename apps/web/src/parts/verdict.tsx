// A verdict as a shape with its word. Shape says it, colour repeats it.

import type { ReactNode } from "react";
import { type VerdictName, verdictDefinition } from "./words.ts";

const SIZE = 12;

/** The path of a verdict's shape around 0,0 with radius `r`. */
export function verdictPath(verdict: VerdictName, r: number): string {
  if (verdict === "falseticker") {
    const d = r * 1.25;
    return `M0 ${-d}L${d} 0L0 ${d}L${-d} 0Z`;
  }
  if (verdict === "unreachable") {
    const d = r * 0.85;
    return `M${-d} ${-d}L${d} ${d}M${d} ${-d}L${-d} ${d}`;
  }
  if (verdict === "unsure") {
    const d = r * 0.85;
    return `M${-d} ${-d}H${d}V${d}H${-d}Z`;
  }
  return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
}

/** The shape alone, for beside a word. */
export function VerdictShape(props: { readonly verdict: VerdictName }): ReactNode {
  return (
    <svg
      className={`verdict-shape is-${props.verdict}`}
      width={SIZE}
      height={SIZE}
      viewBox="-6 -6 12 12"
      aria-hidden="true"
    >
      <path d={verdictPath(props.verdict, 4)} />
    </svg>
  );
}

/** Shape and word; the definition is one hover away. */
export function VerdictWord(props: { readonly verdict: VerdictName }): ReactNode {
  return (
    <span className={`verdict is-${props.verdict}`} title={verdictDefinition(props.verdict)}>
      <VerdictShape verdict={props.verdict} />
      {props.verdict}
    </span>
  );
}
