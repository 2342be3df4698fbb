// What people know of an agent is changed in a dialog: its name, and where it stands. Who watches whom depends on it.

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { adminClient } from "../api/client.ts";
import { countryProblem, PlaceFields } from "../enrolment/place-fields.tsx";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import type { AgentFacts } from "./agent-facts.ts";

interface EditAgentProps {
  /** Undefined: nobody is edited. */
  readonly agent: AgentFacts | undefined;
  readonly onClose: () => void;
}

export function EditAgent(props: EditAgentProps): ReactNode {
  const { agent } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (agent !== undefined) dialog.current?.showModal();
    else dialog.current?.close();
  }, [agent]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="edit-title" onClose={props.onClose}>
      {agent === undefined ? null : <EditForm {...props} agent={agent} />}
    </dialog>
  );
}

function EditForm(props: EditAgentProps & { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  const { country, network, location } = agent;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState(agent.name);
  const [place, setPlace] = useState({ country, network, location });
  const wrong = countryProblem(place.country) !== "" || name.trim() === "";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (wrong) return;
    run(async () => {
      await adminClient.updateAgent({ id: agent.id, name: name.trim(), ...place });
      tellDone(`${name.trim()} was changed`);
      props.onClose();
      await queries.invalidateQueries();
    });
  };
  return (
    <form className="form" onSubmit={submit}>
      <h2 id="edit-title">Edit {agent.name}</h2>
      <NameField agent={agent} name={name} onChange={setName} />
      <PlaceFields place={place} onChange={setPlace} />
      <p className="field-note">Who watches which server is reviewed at once.</p>
      {problem === undefined ? null : <FieldProblem what="Nothing was changed" problem={problem} />}
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={props.onClose}>
          Cancel
        </button>
        <button type="submit" className="button is-main" disabled={busy || wrong}>
          {busy ? "Saving…" : "Save"}
        </button>
      </footer>
    </form>
  );
}

function NameField(props: {
  readonly agent: AgentFacts;
  readonly name: string;
  readonly onChange: (name: string) => void;
}): ReactNode {
  const fixed = props.agent.tlsName === "";
  return (
    <div className="field">
      <label htmlFor="edit-name">Name</label>
      <input
        id="edit-name"
        type="text"
        maxLength={200}
        value={props.name}
        readOnly={fixed}
        {...(fixed ? { "aria-describedby": "edit-name-note" } : {})}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {fixed ? (
        <span id="edit-name-note" className="field-note">
          It has a bearer token and is known by this name.
        </span>
      ) : null}
    </div>
  );
}
