// Loading, failing and having nothing: the three states that every page shares.

import { type ReactNode, useEffect, useState } from "react";
import { type Problem, problemOf } from "../api/problem.ts";

/** Before that a skeleton would only flicker. */
const SKELETON_AFTER_MS = 300;

/** Children appear only when waiting has become noticeable. */
export function AfterWait(props: { readonly children: ReactNode }): ReactNode {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return shown ? props.children : null;
}

/** The shape of a page that is on its way. */
export function PageSkeleton(props: { readonly what: string; readonly rows?: number }): ReactNode {
  return (
    <AfterWait>
      <div className="skeleton" role="status">
        <span className="visually-hidden">Loading {props.what}</span>
        <div className="skeleton-title" />
        <div className="skeleton-picture" />
        {Array.from({ length: props.rows ?? 6 }, (_unused, row) => (
          <div className="skeleton-row" key={row} />
        ))}
      </div>
    </AfterWait>
  );
}

/** A failure with its code, its remedy, and what can be tried. */
export function ProblemNote(props: {
  readonly error: unknown;
  readonly title: string;
  readonly onRetry?: () => void;
}): ReactNode {
  const problem: Problem = problemOf(props.error);
  return (
    <div className="problem" role="alert">
      <h2>{props.title}</h2>
      <p>{problem.message}</p>
      <p className="soft">{problem.remedy}</p>
      <p className="problem-foot">
        {props.onRetry === undefined ? null : (
          <button type="button" className="button" onClick={props.onRetry}>
            Try again
          </button>
        )}
        <a href={`/help/errors#${problem.code}`}>
          Code <code>{problem.code}</code>
        </a>
      </p>
    </div>
  );
}

/** Beside a form: what did not happen, why, and what to do. What was typed stays. */
export function FieldProblem(props: {
  readonly what: string;
  readonly problem: Problem;
}): ReactNode {
  const { problem } = props;
  return (
    <p className="field-problem" role="alert">
      {props.what}: {problem.message}. {problem.remedy}{" "}
      <a href={`/help/errors#${problem.code}`}>{problem.code}</a>
    </p>
  );
}

/** Nothing is here, and this is how that changes. */
export function EmptyState(props: {
  readonly title: string;
  /** It is all that the page has. */
  readonly alone?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const Title = props.alone === true ? "h1" : "h2";
  return (
    <div className="empty">
      <Title>{props.title}</Title>
      {props.children}
    </div>
  );
}

/** A command to type, to be selected with one click. */
export function Command(props: { readonly text: string }): ReactNode {
  return <code className="command">{props.text}</code>;
}
