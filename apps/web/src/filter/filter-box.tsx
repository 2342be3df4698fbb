// The search box of a list: words, or the filter language, with what could stand at the cursor below it. A combobox as
// the ARIA practices describe it: the focus stays in the field, the list is walked with the arrows.

import {
  type Candidate,
  completeFilter,
  type Field,
  type FilterProblem,
  type Subject,
} from "@truechimer/filter";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { FilterProblemNote } from "./filter-problem.tsx";

interface FilterBoxProps {
  readonly subject: Subject;
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly problem: FilterProblem | undefined;
  readonly onChange: (text: string) => void;
  /** Values that are known of a field of text. */
  readonly valuesOf?: (field: Field) => readonly string[];
}

/** Somebody who is still typing is not told of every unfinished word. */
const TOLD_AFTER_MS = 600;

interface Open {
  readonly cursor: number;
  /** Which candidate is chosen; -1: none. */
  readonly active: number;
}

export function FilterBox(props: FilterBoxProps): ReactNode {
  const { subject, text, problem, onChange, valuesOf } = props;
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState<Open>();
  const told = useSettled(text) && problem !== undefined;
  const completion =
    open === undefined
      ? undefined
      : completeFilter({
          text,
          cursor: open.cursor,
          subject,
          ...(valuesOf === undefined ? {} : { valuesOf }),
        });
  const candidates = completion?.candidates ?? [];
  const active = open === undefined ? -1 : Math.min(open.active, candidates.length - 1);
  const cursorOf = (): number => field.current?.selectionStart ?? text.length;
  const choose = (candidate: Candidate): void => {
    if (completion === undefined) return;
    // Behind a field its operator follows, behind anything else the next term.
    const inserted = candidate.text + (candidate.kind === "keyword" ? " " : "");
    const next = text.slice(0, completion.from) + inserted + text.slice(completion.to);
    const cursor = completion.from + inserted.length;
    onChange(next);
    setOpen(candidate.kind === "value" ? undefined : { cursor, active: -1 });
    requestAnimationFrame(() => field.current?.setSelectionRange(cursor, cursor));
  };
  const onKey = (event: KeyboardEvent): void => {
    const chosen = candidates[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = Math.max(1, candidates.length);
      const from = active === -1 && step === -1 ? 0 : active;
      setOpen(
        open === undefined
          ? { cursor: cursorOf(), active: -1 }
          : { ...open, active: (from + step + places) % places },
      );
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen !== undefined) {
      event.preventDefault();
      choose(chosen);
    } else if (event.key === "Enter") setOpen(undefined);
    else if (event.key === "Escape") {
      // The browser's own Escape would empty the field.
      event.preventDefault();
      if (open !== undefined && candidates.length > 0) setOpen(undefined);
      else field.current?.blur();
    }
  };
  const listed = candidates.length > 0;
  return (
    <div className="filter-box">
      <input
        ref={field}
        type="search"
        className="tools-search"
        role="combobox"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-label={props.label}
        aria-autocomplete="list"
        aria-expanded={listed}
        aria-controls={`${id}-list`}
        aria-invalid={told}
        {...(told ? { "aria-describedby": `${id}-problem` } : {})}
        {...(listed && active >= 0 ? { "aria-activedescendant": `${id}-${active}` } : {})}
        placeholder={props.placeholder}
        value={text}
        onChange={(event) => {
          const cursor = event.target.selectionStart ?? event.target.value.length;
          setOpen(event.target.value === "" ? undefined : { cursor, active: -1 });
          onChange(event.target.value);
        }}
        onKeyDown={onKey}
        onBlur={() => setOpen(undefined)}
      />
      <ul
        id={`${id}-list`}
        className="filter-candidates"
        role="listbox"
        aria-label="Completions"
        hidden={!listed}
      >
        {candidates.map((candidate, index) => (
          <li
            key={candidate.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            onPointerDown={(event) => {
              // The focus stays where it is.
              event.preventDefault();
              choose(candidate);
            }}
          >
            <code>{candidate.text}</code> <span className="soft">{candidate.doc}</span>
          </li>
        ))}
      </ul>
      {told ? <FilterProblemNote id={`${id}-problem`} text={text} problem={problem} /> : null}
    </div>
  );
}

/** Whether the text has been the same for a moment; one that came with the address is from the start. */
function useSettled(text: string): boolean {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TOLD_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled === text;
}
