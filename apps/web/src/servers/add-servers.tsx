// Adding servers, one or a thousand. What is refused stays in the form, with its reason; what was added has an undo.

import { useQueryClient } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { adminClient, LONG_CALL_TIMEOUT_MS } from "../api/client.ts";
import { type Problem, problemOf, remedyFor } from "../api/problem.ts";
import { countOf } from "../format/number.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { removeServers } from "./server-actions.ts";
import { parseTargets, TARGETS_MAX } from "./targets.ts";

interface AddServersProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function AddServers(props: AddServersProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element === null || element.open === props.open) return;
    if (props.open) element.showModal();
    else element.close();
  }, [props.open]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="add-title" onClose={props.onClose}>
      {props.open ? <AddForm onClose={props.onClose} /> : null}
    </dialog>
  );
}

interface Refusals {
  readonly refused: readonly adminV1.RefusedTarget[];
  readonly existing: number;
}

function AddForm(props: { readonly onClose: () => void }): ReactNode {
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [refusals, setRefusals] = useState<Refusals>();
  const targets = parseTargets(text);

  const add = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await adminClient.addServers(
        { targets: [...targets] },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      if (answer.added.length > 0) tellAdded(answer.added, () => queries.invalidateQueries());
      void queries.invalidateQueries();
      if (answer.refused.length === 0) {
        if (answer.added.length === 0) tellDone("Already watched: nothing to add");
        props.onClose();
        return;
      }
      setText(answer.refused.map((one) => one.target).join("\n"));
      setRefusals({ refused: answer.refused, existing: answer.existing.length });
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (targets.length > 0 && targets.length <= TARGETS_MAX && !busy) void add();
  };

  return (
    <form onSubmit={submit}>
      <header className="dialog-head">
        <h2 id="add-title">Add servers</h2>
        <button type="button" className="button is-plain" onClick={props.onClose}>
          Close
        </button>
      </header>
      <label htmlFor="add-targets">One server a line, by name or address</label>
      <textarea
        id="add-targets"
        rows={8}
        value={text}
        spellCheck={false}
        autoFocus
        placeholder={"ntp1.example.net\n192.0.2.1:1123\n2001:db8::123"}
        aria-describedby="add-help"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
        }}
      />
      <p id="add-help" className="soft">
        A name adds each of its addresses. Without a port: 123. Lines of a chrony.conf can be pasted
        as they are.
      </p>
      {problem === undefined ? null : <FieldProblem what="Nothing was added" problem={problem} />}
      {refusals === undefined ? null : <RefusalList refusals={refusals} />}
      <footer className="dialog-foot">
        <span className="soft">
          {targets.length > TARGETS_MAX
            ? `At most ${TARGETS_MAX} at a time: ${targets.length} typed`
            : "Checks begin within seconds."}
        </span>
        <button
          type="submit"
          className="button is-main"
          disabled={busy || targets.length === 0 || targets.length > TARGETS_MAX}
        >
          {busy
            ? "Adding…"
            : targets.length === 0
              ? "Add"
              : `Add ${countOf(targets.length, "server")}`}
        </button>
      </footer>
    </form>
  );
}

function RefusalList(props: { readonly refusals: Refusals }): ReactNode {
  const { refused, existing } = props.refusals;
  return (
    <div className="field-problem" role="alert">
      <p>
        {countOf(refused.length, "line")} could not be added and{" "}
        {refused.length === 1 ? "is" : "are"} still in the form
        {existing > 0 ? `; ${existing} were there already` : ""}:
      </p>
      <ul>
        {refused.map((one) => (
          <li key={one.target}>
            <strong>{one.target}</strong>: {one.message}. {remedyFor(one.code)}{" "}
            <a href={`/help/errors#${one.code}`}>{one.code}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function tellAdded(added: readonly adminV1.Server[], refresh: () => Promise<void>): void {
  const ids = added.map((server) => server.id);
  const first = added[0];
  const text =
    added.length === 1 && first !== undefined
      ? `${first.name} is watched from now on`
      : `${countOf(added.length, "server")} added`;
  tellDone(text, async () => {
    await removeServers(ids);
    await refresh();
    return added.length === 1
      ? "Not added after all"
      : `${countOf(added.length, "server")} taken out again`;
  });
}
