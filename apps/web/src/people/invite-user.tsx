// A user for somebody else: a name, a role, and a link to hand over.

import { useQueryClient } from "@tanstack/react-query";
import { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { AccountField } from "./account-field.tsx";
import { RoleField } from "./role-field.tsx";
import type { FreshLink } from "./users.tsx";

export function InviteUser(props: {
  readonly most: peopleV1.Role;
  readonly onInvited: (link: FreshLink) => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [role, setRole] = useState<peopleV1.Role>(peopleV1.Role.VIEWER);
  const [accountId, setAccountId] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const { user, link } = await peopleClient.inviteUser({ name, role, accountId });
      props.onInvited({ name: user?.name ?? name, url: link?.url ?? "" });
      await queries.invalidateQueries({ queryKey: ["users"] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Invite somebody">
      <div className="field">
        <label htmlFor="invite-name">Name or e-mail address</label>
        <input
          id="invite-name"
          type="text"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={200}
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <span className="field-note">What that person will sign in with. No mail is sent.</span>
      </div>
      <RoleField role={role} most={props.most} onChange={setRole} />
      <AccountField accountId={accountId} onChange={setAccountId} />
      {problem === undefined ? null : <FieldProblem what="Nobody was invited" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy || name.trim() === ""}>
          {busy ? "Inviting…" : "Make a link"}
        </button>
      </div>
    </form>
  );
}
