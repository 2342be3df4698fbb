// A channel by mail.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { SelectField, TextField } from "./form-fields.tsx";

const { STARTTLS, TLS, NONE } = alertsV1.EmailSecurity;
const SECURITIES = [
  { value: STARTTLS, words: "STARTTLS" },
  { value: TLS, words: "TLS from the start" },
  { value: NONE, words: "none: a mail server on this host" },
];

export function AddEmail(props: { readonly onAdded: () => void }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState("mail");
  const [host, setHost] = useState("");
  const [port, setPort] = useState("");
  const [security, setSecurity] = useState<alertsV1.EmailSecurity>(STARTTLS);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const value = {
        host,
        port: Number(port),
        security,
        username,
        password,
        from,
        to: to.split(",").flatMap((address) => address.trim() || []),
      };
      await alertClient.saveAlertChannel({ channel: { name, way: { case: "email", value } } });
      props.onAdded();
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Add e-mail">
      <TextField label="Name of the channel" value={name} required onChange={setName} />
      <TextField label="Mail server" value={host} required onChange={setHost} />
      <TextField label="Port (empty: the usual one)" value={port} onChange={setPort} />
      <SelectField label="Security" value={security} choices={SECURITIES} onChange={setSecurity} />
      <TextField label="Login (empty: none)" value={username} onChange={setUsername} />
      <TextField label="Password" type="password" value={password} onChange={setPassword} />
      <TextField label="From" value={from} required onChange={setFrom} />
      <TextField label="To, with commas between" value={to} required onChange={setTo} />
      {problem === undefined ? null : (
        <FieldProblem what="No channel was added" problem={problem} />
      )}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          {busy ? "Adding…" : "Add the channel"}
        </button>
      </div>
    </form>
  );
}
