// Which role, with what it may do.

import type { peopleV1 } from "@truechimer/api";
import { type ReactNode, useId } from "react";
import { ROLE_TEXTS, ROLES, roleOfValue, roleWord } from "./role-words.ts";

export function RoleField(props: {
  readonly role: peopleV1.Role;
  /** Nobody gives more than he has. */
  readonly most: peopleV1.Role;
  readonly onChange: (role: peopleV1.Role) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Role</label>
      <select
        id={id}
        value={props.role}
        onChange={(event) => props.onChange(roleOfValue(event.target.value))}
      >
        {ROLES.filter((role) => role <= props.most).map((role) => (
          <option key={role} value={role}>
            {roleWord(role)}: {ROLE_TEXTS[role]}
          </option>
        ))}
      </select>
    </div>
  );
}
