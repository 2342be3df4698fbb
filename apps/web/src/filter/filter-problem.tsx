// What is wrong with a filter: the text with its place marked, what was expected, and where the language is described.

import type { FilterProblem } from "@truechimer/filter";
import type { ReactNode } from "react";
import { paths } from "../url/paths.ts";

export function FilterProblemNote(props: {
  readonly id: string;
  readonly text: string;
  readonly problem: FilterProblem;
}): ReactNode {
  const { text, problem } = props;
  const { at, length, message, expected } = problem;
  const marked = text.slice(at, at + length);
  return (
    <div className="filter-problem" id={props.id} role="status">
      <code>
        {text.slice(0, at)}
        <mark>{marked === "" ? "\u00a0" : marked}</mark>
        {text.slice(at + length)}
      </code>
      <span>
        Character {at + 1}: {message}: {expected}.{" "}
        <a href={paths.help("filter")}>The filter language</a>
      </span>
    </div>
  );
}
