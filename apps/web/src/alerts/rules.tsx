// What is watched for.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { tellDone } from "../parts/toasts.tsx";
import { AskFirst } from "../people/ask-first.tsx";
import { AddRule } from "./add-rule.tsx";
import { severityWord } from "./alert-words.ts";

export function Rules(props: {
  readonly rules: readonly alertsV1.AlertRule[];
  readonly channels: readonly alertsV1.AlertChannel[];
}): ReactNode {
  const [adding, setAdding] = useState(false);
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
                  <span className="visually-hidden">Remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {props.rules.map((rule) => (
                <RuleRow key={rule.id.toString()} rule={rule} names={names} />
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
          Add a rule
        </button>
      </div>
      {adding ? <AddRule channels={props.channels} onAdded={() => setAdding(false)} /> : null}
    </section>
  );
}

function RuleRow(props: {
  readonly rule: alertsV1.AlertRule;
  readonly names: ReadonlyMap<bigint, string>;
}): ReactNode {
  const { rule, names } = props;
  const queries = useQueryClient();
  const told = rule.channelIds.map((id) => names.get(id) ?? "").join(", ");
  const over = rule.subject === alertsV1.AlertSubject.SERVERS ? "servers" : "monitors";
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
