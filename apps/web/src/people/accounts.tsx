// Accounts: who owns servers and agents.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { accountsQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { AfterWait, FieldProblem, ProblemNote } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";

export function Accounts(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const accounts = useQuery(accountsQuery());
  const mayCreate = props.caller.procedures.includes("CreateAccount");
  return (
    <section aria-labelledby="accounts-title">
      <h2 id="accounts-title">Accounts</h2>
      {accounts.data !== undefined ? (
        <AccountTable accounts={accounts.data.accounts} />
      ) : accounts.isError ? (
        <ProblemNote
          error={accounts.error}
          title="The accounts could not be read"
          onRetry={() => void accounts.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      {mayCreate ? <CreateAccount /> : null}
    </section>
  );
}

function AccountTable(props: { readonly accounts: readonly peopleV1.Account[] }): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="is-minor">
              Id
            </th>
            <th scope="col" className="is-number">
              Servers
            </th>
            <th scope="col" className="is-number">
              Agents
            </th>
          </tr>
        </thead>
        <tbody>
          {props.accounts.map((account) => (
            <tr key={account.id}>
              <th scope="row">{account.name || account.id}</th>
              <td className="is-minor soft">{account.id}</td>
              <td className="is-number">{formatCount(account.servers)}</td>
              <td className="is-number">{formatCount(account.agents)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CreateAccount(): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await peopleClient.createAccount({ name });
      tellDone(`The account ${name} was made`);
      setName("");
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    });
  };
  return (
    <form className="form account-form" onSubmit={submit}>
      <div className="field">
        <label htmlFor="account-name">Another account</label>
        <div className="field-row">
          <input
            id="account-name"
            type="text"
            autoComplete="off"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button type="submit" className="button" disabled={busy || name.trim() === ""}>
            Make it
          </button>
        </div>
        <span className="field-note">
          Users and keys that are bound to it see its servers and agents alone.
        </span>
      </div>
      {problem === undefined ? null : <FieldProblem what="No account was made" problem={problem} />}
    </form>
  );
}
