// What is watched for.

import { useQueryClient } from "@tanstack/react-query";
import type { alertsV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { tellDone } from "../parts/toasts.tsx";
import { AskFirst } from "../people/ask-first.tsx";
import { severityWord } from "./alert-words.ts";
import { RuleForm } from "./rule-form.tsx";
import { subjectWords } from "./subject-words.ts";

export function Rules(props: {
  readonly rules: readonly alertsV1.AlertRule[];
  readonly channels: readonly alertsV1.AlertChannel[];
}): ReactNode {
  const [adding, setAdding] = useState(false);
  const [changedId, setChangedId] = useState<bigint>();
  const changed = props.rules.find(({ id }) => id === changedId);
  const names = new Map(props.channels.map(({ id, name }) => [id, name]));
  return (
    <section aria-labelledby="rules-title">
      <h2 id="rules-title">Rules</h2>
      {props.rules.length === 0 ? (
        <p className="soft">A rule is a filter: whatever passes is wrong, and is told.</p>
      ) : (
        <div className="table-scroll">
          <table className="table is-prose">
            <thead>
              <tr>
                <th scope="col">Rule</th>
                <th scope="col" className="is-minor">
                  Severity
                </th>
                <th scope="col" className="is-number">
                  Fires
                </th>
                <th scope="col">Told</th>
                <th scope="col">
                  <span className="visually-hidden">Change, remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {props.rules.map((rule) => (
                <RuleRow
                  key={rule.id.toString()}
                  rule={rule}
                  names={names}
                  onChange={() => {
                    setAdding(false);
                    setChangedId(rule.id === changedId ? undefined : rule.id);
                  }}
                />
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
          onClick={() => {
            setChangedId(undefined);
            setAdding(!adding);
          }}
        >
          Add a rule
        </button>
      </div>
      {adding ? <RuleForm channels={props.channels} onDone={() => setAdding(false)} /> : null}
      {changed === undefined ? null : (
        <RuleForm
          key={changed.id.toString()}
          rule={changed}
          channels={props.channels}
          onDone={() => setChangedId(undefined)}
        />
      )}
    </section>
  );
}

function RuleRow(props: {
  readonly rule: alertsV1.AlertRule;
  readonly names: ReadonlyMap<bigint, string>;
  readonly onChange: () => void;
}): ReactNode {
  const { rule, names } = props;
  const queries = useQueryClient();
  const told = rule.channelIds.map((id) => names.get(id) ?? "").join(", ");
  const over = subjectWords(rule.subject);
  return (
    <tr className={rule.enabled ? "" : "is-stale"}>
      <th scope="row">
        {rule.name}
        {rule.enabled ? null : " (off)"}
        <span className="loop-purpose">
          {over} with <code>{rule.filter}</code>
        </span>
      </th>
      <td className="is-minor">{severityWord(rule.severity)}</td>
      <td className="is-number">{rule.firing}</td>
      <td>{told === "" ? <span className="soft">nobody</span> : told}</td>
      <td className="is-number">
        <button type="button" className="button is-small" onClick={props.onChange}>
          Change<span className="visually-hidden"> the rule {rule.name}</span>
        </button>{" "}
        <AskFirst
          word="Remove"
          what={`the rule ${rule.name}`}
          title={`Remove the rule ${rule.name}?`}
          act={async () => {
            await alertClient.removeAlertRule({ id: rule.id });
            tellDone(`The rule ${rule.name} is gone`);
            await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
          }}
        >
          <p>What it has found ends without a word to anybody.</p>
        </AskFirst>
      </td>
    </tr>
  );
}
