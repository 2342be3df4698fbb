// A key for a program: a purpose, a role, an end.

import { useQueryClient } from "@tanstack/react-query";
import { peopleV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { peopleClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { AccountField } from "./account-field.tsx";
import { RoleField } from "./role-field.tsx";

const DAY_SECONDS = 86_400n;
const LIFETIMES: readonly { readonly days: number; readonly words: string }[] = [
  { days: 90, words: "in 90 days" },
  { days: 365, words: "in a year" },
  { days: 0, words: "when it is revoked" },
];

export function CreateKey(props: {
  readonly most: peopleV1.Role;
  readonly onMade: (secret: string) => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("");
  const [role, setRole] = useState<peopleV1.Role>(peopleV1.Role.VIEWER);
  const [accountId, setAccountId] = useState("");
  const [days, setDays] = useState(90);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const { secret } = await peopleClient.createKey({
        name,
        role,
        accountId,
        ...(days === 0 ? {} : { lifetime: { seconds: BigInt(days) * DAY_SECONDS } }),
      });
      props.onMade(secret);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Make a key">
      <div className="field">
        <label htmlFor="key-name">What it is for</label>
        <input
          id="key-name"
          type="text"
          autoComplete="off"
          maxLength={200}
          required
          value={name}
          placeholder="grafana"
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <RoleField role={role} most={props.most} onChange={setRole} />
      <AccountField accountId={accountId} onChange={setAccountId} />
      <div className="field">
        <label htmlFor="key-days">Ends</label>
        <select
          id="key-days"
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {LIFETIMES.map((each) => (
            <option key={each.days} value={each.days}>
              {each.words}
            </option>
          ))}
        </select>
      </div>
      {problem === undefined ? null : <FieldProblem what="No key was made" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy || name.trim() === ""}>
          {busy ? "Making…" : "Make the key"}
        </button>
      </div>
    </form>
  );
}
