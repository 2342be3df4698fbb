// Which of one's accounts is looked at, for whoever has several. Everything on the dashboard goes by it.

import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useId } from "react";
import { peopleClient } from "../api/client.ts";
import { tellFailed } from "../parts/toasts.tsx";
import { paths } from "../url/paths.ts";

export function AccountChoice(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const { accounts, account } = props.caller;
  const id = useId();
  if (accounts.length < 2) return null;
  const choose = async (accountId: string): Promise<void> => {
    try {
      await peopleClient.chooseAccount({ accountId });
    } catch (error) {
      tellFailed("The account was not changed", error);
      return;
    }
    // A fresh page: nothing of the other account stays in its memory.
    globalThis.location.assign(paths.overview());
  };
  return (
    <div className="field">
      <label htmlFor={id}>Account</label>
      <select
        id={id}
        value={account?.id ?? ""}
        onChange={(event) => void choose(event.target.value)}
      >
        {accounts.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name || each.id}
          </option>
        ))}
      </select>
      <span className="field-note">
        What you see and add is this account's. Other pages of this browser follow.
      </span>
    </div>
  );
}
