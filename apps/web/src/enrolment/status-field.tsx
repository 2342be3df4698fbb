// With which status an agent begins, each choice with what it does.

import { type ReactNode, useId } from "react";
import type { SettableStatus } from "../agents/agent-actions.ts";
import { MONITOR_STATUS_DEFINITIONS } from "../parts/words.ts";

/** Paused is no beginning. */
const BEGINNINGS: readonly SettableStatus[] = ["active", "testing", "pending"];

export function StatusField(props: {
  readonly status: SettableStatus;
  readonly onChange: (status: SettableStatus) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Begins as</label>
      <select
        id={id}
        value={props.status}
        aria-describedby={`${id}-note`}
        onChange={(event) =>
          props.onChange(BEGINNINGS.find((one) => one === event.target.value) ?? props.status)
        }
      >
        {BEGINNINGS.map((status) => (
          <option key={status} value={status}>
            {status}
          </option>
        ))}
      </select>
      <span id={`${id}-note`} className="field-note">
        {MONITOR_STATUS_DEFINITIONS[props.status]}
      </span>
    </div>
  );
}
