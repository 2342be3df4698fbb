// Removing an agent cannot be taken back: it asks first, and says what it will do.

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { adminClient } from "../api/client.ts";
import { countOf } from "../format/number.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { type AgentFacts, isStillThere } from "./agent-facts.ts";

interface RemoveAgentProps {
  /** Undefined: nobody is asked about. */
  readonly agent: AgentFacts | undefined;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

export function RemoveAgent(props: RemoveAgentProps): ReactNode {
  const { agent } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (agent !== undefined) dialog.current?.showModal();
    else dialog.current?.close();
  }, [agent]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="remove-title" onClose={props.onClose}>
      {agent === undefined ? null : <RemoveForm {...props} agent={agent} />}
    </dialog>
  );
}

function RemoveForm(props: RemoveAgentProps & { readonly agent: AgentFacts }): ReactNode {
  const { agent } = props;
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const monitors = agent.families.filter(isStillThere).length;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await adminClient.removeAgent({ id: agent.id });
      tellDone(`${agent.name} was removed`);
      props.onRemoved();
      void queries.invalidateQueries();
    });
  };
  return (
    <form onSubmit={submit}>
      <h2 id="remove-title">Remove {agent.name}?</h2>
      <p>
        {agent.tlsName === "" ? "Its token is" : "Its certificate, key and tokens are"} void at
        once, and {countOf(monitors, "monitor")} {monitors === 1 ? "is" : "are"} deleted. What{" "}
        {monitors === 1 ? "it" : "they"} measured stays.
      </p>
      <p>This cannot be undone: to come back, the agent must enrol anew.</p>
      {problem === undefined ? null : <FieldProblem what="It is still there" problem={problem} />}
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={props.onClose} autoFocus>
          Keep it
        </button>
        <button type="submit" className="button is-grave" disabled={busy}>
          {busy ? "Removing…" : `Remove ${agent.name}`}
        </button>
      </footer>
    </form>
  );
}
