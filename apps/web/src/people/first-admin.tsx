// The first admin: whoever was let in with the one-time key makes a user of himself. Offered, not asked for.

import { useQueryClient } from "@tanstack/react-query";
import { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, peopleClient, signInClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { isLongEnough, NewPassword } from "../sign-in/new-password.tsx";

export function FirstAdmin(): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const { link } = await peopleClient.inviteUser({ name, role: peopleV1.Role.ADMIN });
      const secret = new URL(link?.url ?? "").hash.slice(1);
      try {
        await signInClient.useLink({ secret, password }, { timeoutMs: LONG_CALL_TIMEOUT_MS });
        tellDone(`You are signed in as ${name}`);
      } finally {
        // Also when the password was refused: the user is there, and is in the list with a way to a new link.
        await queries.resetQueries();
      }
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Make yourself the first admin">
      <div className="field">
        <label htmlFor="first-name">Your name or e-mail address</label>
        <input
          id="first-name"
          type="text"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={200}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <NewPassword label="A password" password={password} onChange={setPassword} />
      {problem === undefined ? null : <FieldProblem what="Not made" problem={problem} />}
      <div className="form-foot">
        <button
          type="submit"
          className="button is-main"
          disabled={busy || name.trim() === "" || !isLongEnough(password)}
        >
          {busy ? "Making…" : "Make me the first admin"}
        </button>
      </div>
    </form>
  );
}
