// A button for what cannot be undone: it asks first, and says what it will do.

import { type FormEvent, type ReactNode, useId, useRef } from "react";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";

export function AskFirst(props: {
  /** On the button, such as "Revoke". */
  readonly word: string;
  /** What it is done to, for those who do not see the row. */
  readonly what: string;
  readonly title: string;
  readonly children: ReactNode;
  readonly act: () => Promise<void>;
}): ReactNode {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, problem, run } = useAction();
  const close = (): void => dialog.current?.close();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await props.act();
      close();
    });
  };
  return (
    <>
      <button type="button" className="button is-small" onClick={() => dialog.current?.showModal()}>
        {props.word}
        <span className="visually-hidden"> {props.what}</span>
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby={id}>
        <form onSubmit={submit}>
          <h2 id={id}>{props.title}</h2>
          {props.children}
          {problem === undefined ? null : (
            <FieldProblem what="Nothing was changed" problem={problem} />
          )}
          <footer className="dialog-foot">
            <button type="button" className="button" onClick={close}>
              Leave it
            </button>
            <button type="submit" className="button is-grave" disabled={busy}>
              {props.word}
            </button>
          </footer>
        </form>
      </dialog>
    </>
  );
}
