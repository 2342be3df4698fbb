// Which accounts a user sees: some, one at a time, or all at once.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { accountsQuery } from "../api/queries.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";

export function UserAccounts(props: {
  readonly user: peopleV1.User;
  readonly onDone: () => void;
}): ReactNode {
  const { user } = props;
  const queries = useQueryClient();
  const accounts = useQuery(accountsQuery()).data?.accounts ?? [];
  const { busy, problem, run } = useAction();
  const [chosen, setChosen] = useState<readonly string[]>(user.accountIds);
  const toggle = (id: string): void =>
    setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  const isAll = chosen.length === 0;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await peopleClient.setUserAccounts({
        id: user.id,
        accountIds: [...chosen],
        allAccounts: isAll,
      });
      tellDone(`What ${user.name} sees was changed`);
      props.onDone();
      await queries.invalidateQueries({ queryKey: ["users"] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label={`Accounts of ${user.name}`}>
      <fieldset className="field">
        <legend>{user.name} sees</legend>
        <label>
          <input type="checkbox" checked={isAll} disabled={isAll} onChange={() => setChosen([])} />{" "}
          all accounts at once
        </label>
        {accounts.map((account) => (
          <label key={account.id}>
            <input
              type="checkbox"
              checked={chosen.includes(account.id)}
              onChange={() => toggle(account.id)}
            />{" "}
            {account.name || account.id}
          </label>
        ))}
        <span className="field-note">
          Of several the user chooses one at a time. It holds from the next request on.
        </span>
      </fieldset>
      {problem === undefined ? null : <FieldProblem what="Nothing was changed" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          Set the accounts
        </button>
      </div>
    </form>
  );
}
