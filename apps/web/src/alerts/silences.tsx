// What nobody is told of for a while.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { msOf } from "../api/message.ts";
import { FieldProblem } from "../parts/states.tsx";
import { tellDone } from "../parts/toasts.tsx";
import { useAction } from "../parts/use-action.ts";
import { Instant } from "../parts/values.tsx";
import { SelectField, TextField } from "./form-fields.tsx";
import { SUBJECT_CHOICES, subjectWords } from "./subject-words.ts";

const { SERVERS } = alertsV1.AlertSubject;
const SECONDS_PER_HOUR = 3_600;

export function Silences(props: {
  readonly silences: readonly alertsV1.AlertSilence[];
}): ReactNode {
  const [adding, setAdding] = useState(false);
  return (
    <section aria-labelledby="silences-title">
      <h2 id="silences-title">Silences</h2>
      {props.silences.length === 0 ? (
        <p className="soft">
          Nothing is silenced. While you work on a server yourself, nobody needs to be told of it.
        </p>
      ) : (
        <div className="table-scroll">
          <table className="table is-prose">
            <thead>
              <tr>
                <th scope="col">Not told</th>
                <th scope="col">Until</th>
                <th scope="col">
                  <span className="visually-hidden">End</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {props.silences.map((silence) => (
                <SilenceRow key={silence.id.toString()} silence={silence} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="button-row">
        <button
          type="button"
          className="button"
          aria-expanded={adding}
          onClick={() => setAdding(!adding)}
        >
          Silence
        </button>
      </div>
      {adding ? <AddSilence onAdded={() => setAdding(false)} /> : null}
    </section>
  );
}

function SilenceRow({ silence }: { readonly silence: alertsV1.AlertSilence }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const { id, subject, filter, endsAt, comment, createdBy } = silence;
  const over = subjectWords(subject);
  const end = (): void =>
    run(async () => {
      await alertClient.endAlertSilence({ id });
      tellDone("What still goes on is told from here on");
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  const endsMs = msOf(endsAt);
  return (
    <tr>
      <th scope="row">
        {filter === "" ? (
          `all ${over}`
        ) : (
          <>
            {over} with <code>{filter}</code>
          </>
        )}
        <span className="loop-purpose">
          {[comment, createdBy].filter((words) => words !== "").join(", by ")}
        </span>
      </th>
      <td>{endsMs === undefined ? null : <Instant atMs={endsMs} />}</td>
      <td className="is-number">
        <button type="button" className="button is-small" disabled={busy} onClick={end}>
          End<span className="visually-hidden"> the silence of {filter || `all ${over}`}</span>
        </button>
        {problem === undefined ? null : <FieldProblem what="It goes on" problem={problem} />}
      </td>
    </tr>
  );
}

function AddSilence(props: { readonly onAdded: () => void }): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [subject, setSubject] = useState<alertsV1.AlertSubject>(SERVERS);
  const [filter, setFilter] = useState("");
  const [hours, setHours] = useState("2");
  const [comment, setComment] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const lasts = { seconds: BigInt(Math.round(Number(hours) * SECONDS_PER_HOUR)) };
      await alertClient.createAlertSilence({ subject, filter, lasts, comment });
      props.onAdded();
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Silence">
      <SelectField label="About" value={subject} choices={SUBJECT_CHOICES} onChange={setSubject} />
      <TextField label="That pass (empty: all)" value={filter} onChange={setFilter} />
      <TextField
        label="Hours, from now on"
        value={hours}
        required
        pattern="[0-9]{1,3}([.][0-9]{1,2})?"
        onChange={setHours}
      />
      <TextField label="Why" value={comment} maxLength={1_000} onChange={setComment} />
      {problem === undefined ? null : <FieldProblem what="Nothing is silenced" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          {busy ? "Silencing…" : "Tell nobody"}
        </button>
      </div>
    </form>
  );
}
