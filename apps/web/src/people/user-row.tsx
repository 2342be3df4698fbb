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
import type { FreshLink } from "./users.tsx";

interface UserRowProps {
  readonly user: peopleV1.User;
  readonly caller: peopleV1.GetCallerResponse;
  readonly onLink: (link: FreshLink) => void;
}

export function UserRow(props: UserRowProps): ReactNode {
  const { user, caller } = props;
  const [open, setOpen] = useState(false);
  const isOneself = user.id === caller.userId;
  return (
    <>
      <tr className={user.disabled ? "is-stale" : ""}>
        <th scope="row" className="is-name">
          {user.name}
          {isOneself ? <span className="soft"> (you)</span> : null}
          {user.secondFactor ? <span className="loop-purpose">with a second factor</span> : null}
          {user.byProvider ? <span className="loop-purpose">signs in at the provider</span> : null}
        </th>
        <td className="is-role">
          {isOneself ? roleWord(user.role) : <RoleChoice user={user} most={caller.role} />}
        </td>
        <td className="is-minor">
          <AccountName id={user.accountId} />
        </td>
        <td className="is-state">
          <UserState user={user} open={open} onOpen={() => setOpen(!open)} />
        </td>
        <td className="is-number is-minor">
          <TimeAgo atMs={msOf(user.signedInAt)} />
        </td>
        <td className="is-number is-actions">{isOneself ? null : <UserActions {...props} />}</td>
      </tr>
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

function UserState(props: {
  readonly user: peopleV1.User;
  readonly open: boolean;
  readonly onOpen: () => void;
}): ReactNode {
  const { user } = props;
  if (user.disabled) return <span className="bad">locked out</span>;
  if (user.sessions > 0) {
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

function AccountName(props: { readonly id: string }): ReactNode {
  const accounts = useQuery(accountsQuery()).data?.accounts ?? [];
  if (props.id === "") return <span className="soft">all</span>;
  return accounts.find(({ id }) => id === props.id)?.name || props.id;
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
          The password, a second factor and every session end at once, and an older link opens
          nothing. You are told a new link, with which {user.name} sets another password. This
          cannot be undone.
        </p>
      </AskFirst>
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
