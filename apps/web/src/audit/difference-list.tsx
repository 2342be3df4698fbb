// A difference as people read it: what was, struck out, and what is.

import type { ReactNode } from "react";
import { type ChangedField, differenceOf } from "./difference.ts";

export function DifferenceList(props: {
  readonly beforeJson: string;
  readonly afterJson: string;
}): ReactNode {
  const fields = differenceOf(props.beforeJson, props.afterJson);
  if (fields.length === 0) return <span className="soft">nothing else to tell</span>;
  return (
    <ul className="difference">
      {fields.map((each) => (
        <Field key={each.field} {...each} />
      ))}
    </ul>
  );
}

function Field({ field, before, after }: ChangedField): ReactNode {
  return (
    <li>
      {field === "" ? null : (
        <span className="difference-field">{field.replaceAll("_", " ")} </span>
      )}
      {before === undefined ? null : (
        <del>
          <span className="visually-hidden">was </span>
          {before}
        </del>
      )}
      {before !== undefined && after !== undefined ? " → " : null}
      {after === undefined ? null : (
        <ins>
          <span className="visually-hidden">is </span>
          {after}
        </ins>
      )}
    </li>
  );
}
