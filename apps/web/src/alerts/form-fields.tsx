// Fields of the forms on the page of the alerts.

import type { alertsV1 } from "@truechimer/api";
import { type ReactNode, useId } from "react";

export function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly type?: "password";
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly onChange: (text: string) => void;
}): ReactNode {
  const { label, onChange, type = "text", ...input } = props;
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        type={type}
        autoComplete={type === "password" ? "new-password" : "off"}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

export function SelectField<Value extends number>(props: {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly words: string }[];
  readonly onChange: (value: Value) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => {
          const chosen = props.choices.find(({ value }) => String(value) === event.target.value);
          if (chosen !== undefined) props.onChange(chosen.value);
        }}
      >
        {props.choices.map(({ value, words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

export function ChannelBoxes(props: {
  readonly legend: string;
  readonly channels: readonly alertsV1.AlertChannel[];
  readonly chosen: readonly bigint[];
  readonly onChange: (ids: readonly bigint[]) => void;
}): ReactNode {
  const { legend, channels, chosen, onChange } = props;
  if (channels.length === 0)
    return <p className="soft">Nobody is told until there is a channel: add one below.</p>;
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {channels.map(({ id, name }) => (
        <label key={id.toString()}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(
                event.target.checked ? [...chosen, id] : chosen.filter((each) => each !== id),
              )
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
