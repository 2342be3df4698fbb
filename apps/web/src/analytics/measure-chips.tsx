// Which figure things are ordered by.

import type { ReactNode } from "react";
import type { ChangeSearch } from "../url/use-search.ts";
import { MEASURES, type MeasureFacts } from "./heat-scale.ts";

export function MeasureChips(props: {
  readonly measure: MeasureFacts;
  readonly change: ChangeSearch;
}): ReactNode {
  return (
    <div className="chips" role="group" aria-label="Measure">
      {MEASURES.map(({ name, word, definition }, at) => (
        <button
          key={name}
          type="button"
          className="chip"
          title={definition}
          aria-pressed={props.measure.name === name}
          onClick={() => props.change({ measure: at === 0 ? undefined : name })}
        >
          {word}
        </button>
      ))}
    </div>
  );
}
