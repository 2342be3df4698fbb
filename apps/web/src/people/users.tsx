// People who sign in: their role, where they are signed in, and how they are locked out, let in or reset.

import { useQuery } from "@tanstack/react-query";
import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { usersQuery } from "../api/queries.ts";
import { AfterWait, EmptyState, ProblemNote } from "../parts/states.tsx";
import { FirstAdmin } from "./first-admin.tsx";
import { InviteUser } from "./invite-user.tsx";
import { ToldOnce } from "./told-once.tsx";
import { UserRow } from "./user-row.tsx";

/** A link that was just made. */
export interface FreshLink {
  readonly name: string;
  readonly url: string;
}

export function Users(props: { readonly caller: peopleV1.GetCallerResponse }): ReactNode {
  const { caller } = props;
  const users = useQuery(usersQuery());
  const [link, setLink] = useState<FreshLink>();
  const [inviting, setInviting] = useState(false);
  return (
    <section aria-labelledby="users-title">
      <h2 id="users-title">Users</h2>
      {link === undefined ? null : (
        <ToldOnce
          title={`A link for ${link.name}`}
          secret={link.url}
          onDone={() => setLink(undefined)}
        >
          Hand it to that person alone: whoever opens it sets the password. It works once, for seven
          days, and is not shown again.
        </ToldOnce>
      )}
      {users.data !== undefined ? (
        <UserList users={users.data.users} caller={caller} onLink={setLink} />
      ) : users.isError ? (
        <ProblemNote
          error={users.error}
          title="The users could not be read"
          onRetry={() => void users.refetch()}
        />
      ) : (
        <AfterWait>
          <div className="skeleton-row" />
        </AfterWait>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          aria-expanded={inviting}
          onClick={() => setInviting(!inviting)}
        >
          Invite somebody
        </button>
      </div>
      {inviting ? (
        <InviteUser
          most={caller.role}
          onInvited={(fresh) => {
            setInviting(false);
            setLink(fresh);
          }}
        />
      ) : null}
    </section>
  );
}

function UserList(props: {
  readonly users: readonly peopleV1.User[];
  readonly caller: peopleV1.GetCallerResponse;
  readonly onLink: (link: FreshLink) => void;
}): ReactNode {
  const { users, caller, onLink } = props;
  if (users.length === 0) {
    return (
      <EmptyState title="Nobody signs in by name">
        <p>
          The printed address and keys are enough for one person. With users it is known who did
          what, and a right is taken away from one without changing everybody's key.
        </p>
        {caller.kind === "owner" ? <FirstAdmin /> : null}
      </EmptyState>
    );
  }
  return (
    <div className="table-scroll">
      <table className="table users-table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col" className="is-minor">
              Sees
            </th>
            <th scope="col">State</th>
            <th scope="col" className="is-number is-minor">
              Signed in
            </th>
            <th scope="col">
              <span className="visually-hidden">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <UserRow key={user.id} user={user} caller={caller} onLink={onLink} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
