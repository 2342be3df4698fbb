// What the colours stand for.

import type { ReactNode } from "react";
import { type MeasureFacts, stepTexts } from "./heat-scale.ts";

export function HeatLegend({ measure }: { readonly measure: MeasureFacts }): ReactNode {
  return (
    <ul className="heat-legend" aria-label={`Colours: ${measure.definition}`}>
      {stepTexts(measure).map((text, step) => (
        <li key={text}>
          <span className={`heat-swatch is-step-${step}`} aria-hidden="true" />
          {text}
        </li>
      ))}
      {measure.name === "loss" ? null : (
        <li>
          <span className="heat-swatch is-none" aria-hidden="true" />
          no valid answer
        </li>
      )}
    </ul>
  );
}
