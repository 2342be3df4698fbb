// Which account somebody, or a key, is bound to. Left out where there is nothing to choose.

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { accountsQuery, callerQuery } from "../api/queries.ts";

export function AccountField(props: {
  /** Empty: all accounts, or the caller's own. */
  readonly accountId: string;
  readonly onChange: (accountId: string) => void;
}): ReactNode {
  const id = useId();
  const accounts = useQuery(accountsQuery()).data?.accounts ?? [];
  const caller = useQuery(callerQuery()).data;
  if (caller?.account !== undefined || accounts.length < 2) return null;
  return (
    <div className="field">
      <label htmlFor={id}>Sees</label>
      <select
        id={id}
        value={props.accountId}
        onChange={(event) => props.onChange(event.target.value)}
      >
        <option value="">all accounts</option>
        {accounts.map((account) => (
          <option key={account.id} value={account.id}>
            {account.name || account.id} alone
          </option>
        ))}
      </select>
    </div>
  );
}
