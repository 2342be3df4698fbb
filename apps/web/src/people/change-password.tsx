// A new password for the one who is signed in; it ends that one's other sessions.

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, peopleClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { isLongEnough, NewPassword } from "../sign-in/new-password.tsx";

export function ChangePassword(props: {
  readonly name: string;
  readonly onDone: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await peopleClient.changePassword(
        { currentPassword, newPassword },
        { timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
      tellDone("The password was changed, and your other sessions were ended");
      props.onDone();
      await queries.invalidateQueries({ queryKey: ["sessions"] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Change password">
      <input
        className="visually-hidden"
        type="text"
        autoComplete="username"
        aria-hidden="true"
        tabIndex={-1}
        readOnly
        value={props.name}
      />
      <div className="field">
        <label htmlFor="current-password">Current password</label>
        <input
          id="current-password"
          type="password"
          autoComplete="current-password"
          required
          value={currentPassword}
          onChange={(event) => setCurrent(event.target.value)}
        />
      </div>
      <NewPassword label="New password" password={newPassword} onChange={setNew} />
      {problem === undefined ? null : <FieldProblem what="Not changed" problem={problem} />}
      <div className="form-foot">
        <button
          type="submit"
          className="button is-main"
          disabled={busy || !isLongEnough(newPassword)}
        >
          {busy ? "Changing…" : "Change it"}
        </button>
      </div>
    </form>
  );
}
