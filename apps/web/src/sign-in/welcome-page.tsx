// What a one-time link opens: whom it is for, and a password to set. The secret stands behind "#" and leaves the address
// as soon as it was read, so that it is in no history and over nobody's shoulder.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { LONG_CALL_TIMEOUT_MS, signInClient } from "../api/client.ts";
import { linkQuery } from "../api/queries.ts";
import { FieldProblem, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { isLongEnough, NewPassword } from "./new-password.tsx";

export function WelcomePage(): ReactNode {
  useTitle("Welcome");
  const [secret] = useState(() => globalThis.location.hash.slice(1));
  useEffect(() => {
    globalThis.history.replaceState(globalThis.history.state, "", "/welcome");
  }, []);
  const link = useQuery({ ...linkQuery(secret), enabled: secret !== "" });
  if (link.data !== undefined) return <Welcome name={link.data.name} secret={secret} />;
  if (link.isError) return <ProblemNote error={link.error} title="This link opens nothing" />;
  if (secret !== "") return <PageSkeleton what="the link" rows={2} />;
  return (
    <div className="session-page">
      <h1>Nothing to open</h1>
      <p>
        A one-time link is needed here, whole, with the part behind “#”. If it was just used, go to{" "}
        <a href={paths.overview()}>the overview</a>.
      </p>
    </div>
  );
}

function Welcome(props: { readonly name: string; readonly secret: string }): ReactNode {
  const { name, secret } = props;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { busy, problem, run } = useAction();
  const [password, setPassword] = useState("");
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await signInClient.useLink({ secret, password }, { timeoutMs: LONG_CALL_TIMEOUT_MS });
      tellDone(`Signed in as ${name}`);
      // First away from here: the link is spent now, and asking for it again would only say so.
      await navigate({ to: "/" } as never);
      await queries.resetQueries();
    });
  };
  return (
    <div className="session-page">
      <h1>Welcome, {name}</h1>
      <p>Choose a password. From then on you sign in with it, and with this name.</p>
      <form onSubmit={enter} className="form session-form">
        {/* For the browser's own memory of passwords. */}
        <input
          className="visually-hidden"
          type="text"
          autoComplete="username"
          aria-hidden="true"
          tabIndex={-1}
          readOnly
          value={name}
        />
        <NewPassword label="Password" password={password} onChange={setPassword} />
        {problem === undefined ? null : <FieldProblem what="Not set" problem={problem} />}
        <div className="form-foot">
          <button
            type="submit"
            className="button is-main"
            disabled={busy || !isLongEnough(password)}
          >
            {busy ? "Setting…" : "Set it and sign in"}
          </button>
        </div>
      </form>
    </div>
  );
}
