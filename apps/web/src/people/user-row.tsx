// One user. What can be undone is done at once; what cannot asks first.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { accountsQuery, sessionsQuery } from "../api/queries.ts";
import { countOf } from "../format/number.ts";
import { tellDone, tellFailed } from "../parts/toasts.tsx";
import { TimeAgo } from "../parts/values.tsx";
import { AskFirst } from "./ask-first.tsx";
import { ROLES, roleOfValue, roleWord } from "./role-words.ts";
import { SessionTable } from "./session-table.tsx";
import { UserAccounts } from "./user-accounts.tsx";
import type { FreshLink } from "./users.tsx";

interface UserRowProps {
  readonly user: peopleV1.User;
  readonly caller: peopleV1.GetCallerResponse;
  readonly onLink: (link: FreshLink) => void;
}

export function UserRow(props: UserRowProps): ReactNode {
  const { user, caller } = props;
  const [open, setOpen] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const isOneself = user.id === caller.userId;
  const accounts = useQuery(accountsQuery()).data?.accounts ?? [];
  const mayChoose =
    !isOneself && accounts.length > 1 && caller.procedures.includes("SetUserAccounts");
  return (
    <>
      <tr className={user.disabled ? "is-stale" : ""}>
        <th scope="row" className="is-name">
          {user.name}
          {isOneself ? <span className="soft"> (you)</span> : null}
          {hasFactors(user) ? <span className="loop-purpose">{factorWords(user)}</span> : null}
          {user.byProvider ? <span className="loop-purpose">signs in at the provider</span> : null}
        </th>
        <td className="is-role">
          {isOneself || user.hasOtherAccounts ? (
            roleWord(user.role)
          ) : (
            <RoleChoice user={user} most={caller.role} />
          )}
        </td>
        <td className={accounts.length > 1 ? "is-minor is-accounts" : "is-minor"}>
          <AccountNames ids={user.accountIds} others={user.hasOtherAccounts} />{" "}
          {mayChoose ? (
            <button
              type="button"
              className="button is-small is-plain is-flush"
              aria-expanded={choosing}
              onClick={() => setChoosing(!choosing)}
            >
              Change<span className="visually-hidden"> the accounts of {user.name}</span>
            </button>
          ) : null}
        </td>
        <td className="is-state">
          <UserState user={user} open={open} onOpen={() => setOpen(!open)} />
        </td>
        <td className="is-number is-minor">
          <TimeAgo atMs={msOf(user.signedInAt)} />
        </td>
        <td className="is-number is-actions">
          {isOneself || user.hasOtherAccounts ? null : <UserActions {...props} />}
        </td>
      </tr>
      {choosing ? (
        <tr className="is-detail">
          <td colSpan={6}>
            <UserAccounts user={user} onDone={() => setChoosing(false)} />
          </td>
        </tr>
      ) : null}
      {open ? (
        <tr className="is-detail">
          <td colSpan={6}>
            <SessionsOf user={user} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

function hasFactors({ secondFactor, passkeys }: peopleV1.User): boolean {
  return secondFactor || passkeys > 0;
}

function factorWords({ secondFactor, passkeys }: peopleV1.User): string {
  if (passkeys === 0) return "with a second factor";
  return `with ${countOf(passkeys, "passkey")}${secondFactor ? " and codes of an app" : ""}`;
}

function UserState(props: {
  readonly user: peopleV1.User;
  readonly open: boolean;
  readonly onOpen: () => void;
}): ReactNode {
  const { user } = props;
  if (user.disabled) return <span className="bad">locked out</span>;
  // Whoever has other accounts is somebody else's to look at so closely.
  if (user.sessions > 0 && !user.hasOtherAccounts) {
    return (
      <button
        type="button"
        className="button is-small is-plain is-flush"
        aria-expanded={props.open}
        onClick={props.onOpen}
      >
        {countOf(user.sessions, "session")}
      </button>
    );
  }
  if (!user.invited) return "signed out";
  const expiresAtMs = msOf(user.linkExpiresAt);
  if (expiresAtMs === undefined) return <span className="soft">invited, the link has ended</span>;
  return (
    <span className="soft">
      invited, the link ends <TimeAgo atMs={expiresAtMs} />
    </span>
  );
}

function SessionsOf(props: { readonly user: peopleV1.User }): ReactNode {
  const sessions = useQuery(sessionsQuery(props.user.id));
  return sessions.data === undefined ? null : <SessionTable sessions={sessions.data.sessions} />;
}

function AccountNames(props: {
  readonly ids: readonly string[];
  readonly others: boolean;
}): ReactNode {
  const accounts = useQuery(accountsQuery()).data?.accounts ?? [];
  if (props.ids.length === 0) return <span className="soft">all</span>;
  const names = props.ids.map((id) => accounts.find((account) => account.id === id)?.name || id);
  return [...names, ...(props.others ? ["others"] : [])].join(", ");
}

function RoleChoice(props: {
  readonly user: peopleV1.User;
  readonly most: peopleV1.Role;
}): ReactNode {
  const { user } = props;
  const queries = useQueryClient();
  const set = async (role: peopleV1.Role): Promise<void> => {
    await peopleClient.setUserRole({ id: user.id, role });
    await queries.invalidateQueries({ queryKey: ["users"] });
  };
  const choose = async (role: peopleV1.Role): Promise<void> => {
    const before = user.role;
    try {
      await set(role);
      tellDone(`${user.name} is ${roleWord(role)} now`, async () => {
        await set(before);
        return `${user.name} is ${roleWord(before)} again`;
      });
    } catch (error) {
      tellFailed(`${user.name} stays ${roleWord(before)}`, error);
    }
  };
  return (
    <select
      aria-label={`Role of ${user.name}`}
      value={user.role}
      onChange={(event) => void choose(roleOfValue(event.target.value))}
    >
      {ROLES.filter((role) => role <= props.most || role === user.role).map((role) => (
        <option key={role} value={role}>
          {roleWord(role)}
        </option>
      ))}
    </select>
  );
}

function UserActions({ user, onLink }: UserRowProps): ReactNode {
  const queries = useQueryClient();
  const set = async (disabled: boolean): Promise<void> => {
    await peopleClient.setUserDisabled({ id: user.id, disabled });
    await queries.invalidateQueries({ queryKey: ["users"] });
  };
  const letIn = async (): Promise<void> => {
    try {
      await set(false);
      tellDone(`${user.name} may sign in again`, async () => {
        await set(true);
        return `${user.name} is locked out again`;
      });
    } catch (error) {
      tellFailed(`${user.name} stays locked out`, error);
    }
  };
  if (user.disabled) {
    return (
      <button type="button" className="button is-small" onClick={() => void letIn()}>
        Let in again<span className="visually-hidden"> {user.name}</span>
      </button>
    );
  }
  return (
    <span className="row-actions">
      <AskFirst
        word={user.invited ? "New link" : "Reset"}
        what={`for ${user.name}`}
        title={`A new link for ${user.name}?`}
        act={async () => {
          const { link } = await peopleClient.resetUser({ id: user.id });
          onLink({ name: user.name, url: link?.url ?? "" });
          await queries.invalidateQueries({ queryKey: ["users"] });
        }}
      >
        <p>
          The password, second factors and every session end at once, and an older link opens
          nothing. You are told a new link, with which {user.name} sets another password. This
          cannot be undone.
        </p>
      </AskFirst>
      {hasFactors(user) ? (
        <AskFirst
          word="Remove factors"
          what={`of ${user.name}`}
          title={`Remove the second factors of ${user.name}?`}
          act={async () => {
            await peopleClient.removeUserFactors({ id: user.id });
            tellDone(`${user.name} signs in with the password alone`);
            await queries.invalidateQueries({ queryKey: ["users"] });
          }}
        >
          <p>
            Passkeys, codes of an app and recovery codes open nothing any more, and every session
            ends at once. The password stays, and is enough until {user.name} adds another factor.
            This cannot be undone.
          </p>
        </AskFirst>
      ) : null}
      <AskFirst
        word="Lock out"
        what={user.name}
        title={`Lock ${user.name} out?`}
        act={async () => {
          await set(true);
          tellDone(`${user.name} is locked out`);
        }}
      >
        <p>
          Every session and everything that {user.name} has open ends at once. You can let{" "}
          {user.name} in again; the sessions do not come back.
        </p>
      </AskFirst>
    </span>
  );
}
