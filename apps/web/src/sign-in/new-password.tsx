// A new password: it can be seen while it is typed, so that nobody types it twice.

import { type ReactNode, useId, useState } from "react";

/** As the server has it; it says why. */
const CHARACTERS_MIN = 15;

/** The server looks at more than this. */
export function isLongEnough(password: string): boolean {
  return Array.from(password).length >= CHARACTERS_MIN;
}

export function NewPassword(props: {
  readonly label: string;
  readonly password: string;
  readonly onChange: (password: string) => void;
}): ReactNode {
  const id = useId();
  const [shown, setShown] = useState(false);
  const length = Array.from(props.password).length;
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <div className="field-row">
        <input
          id={id}
          type={shown ? "text" : "password"}
          autoComplete="new-password"
          autoCapitalize="none"
          spellCheck={false}
          aria-describedby={`${id}-note`}
          value={props.password}
          onChange={(event) => props.onChange(event.target.value)}
        />
        <button
          type="button"
          className="button"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </button>
      </div>
      <span id={`${id}-note`} className="field-note">
        {length === 0 || length >= CHARACTERS_MIN
          ? `At least ${CHARACTERS_MIN} characters; some words in a row are good. Nothing else is asked of it.`
          : `${CHARACTERS_MIN - length} more`}
      </span>
    </div>
  );
}
