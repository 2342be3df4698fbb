// A rule: one that most want to begin with, and what one makes of it.

import { useQueryClient } from "@tanstack/react-query";
import { alertsV1 } from "@truechimer/api";
import { type FormEvent, type ReactNode, useState } from "react";
import { ALERT_KEY } from "../api/alert-queries.ts";
import { alertClient } from "../api/client.ts";
import { FieldProblem } from "../parts/states.tsx";
import { useAction } from "../parts/use-action.ts";
import { severityWord } from "./alert-words.ts";
import { READY_RULES } from "./ready-rules.ts";
import { TryRule } from "./try-rule.tsx";

const SEVERITIES = [
  alertsV1.AlertSeverity.INFO,
  alertsV1.AlertSeverity.WARNING,
  alertsV1.AlertSeverity.CRITICAL,
] as const;
const SECONDS_PER_MINUTE = 60;

export function AddRule(props: {
  readonly channels: readonly alertsV1.AlertChannel[];
  readonly onAdded: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const { busy, problem, run } = useAction();
  const [rule, setRule] = useState(READY_RULES[0]);
  const [channelIds, setChannelIds] = useState(() => props.channels.map(({ id }) => id));
  if (rule === undefined) return null;
  const { name: named, subject, filter, severity: howBad, holdsMinutes } = rule;
  const holds = { seconds: BigInt(Math.round(holdsMinutes * SECONDS_PER_MINUTE)) };
  const asked = {
    name: named,
    subject,
    filter,
    severity: howBad,
    enabled: true,
    holds,
    channelIds,
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await alertClient.saveAlertRule({ rule: asked });
      props.onAdded();
      await queries.invalidateQueries({ queryKey: [ALERT_KEY] });
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Add a rule">
      <div className="field">
        <label htmlFor="rule-ready">Begin with</label>
        <select
          id="rule-ready"
          onChange={(event) => setRule(READY_RULES[Number(event.target.value)])}
        >
          {READY_RULES.map(({ name }, index) => (
            <option key={name} value={index}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor="rule-name">Name</label>
        <input
          id="rule-name"
          type="text"
          required
          maxLength={100}
          value={rule.name}
          onChange={(event) => setRule({ ...rule, name: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor="rule-filter">
          {rule.subject === alertsV1.AlertSubject.SERVERS ? "Servers" : "Monitors"} are wrong that
          pass
        </label>
        <input
          id="rule-filter"
          type="text"
          required
          spellCheck={false}
          value={rule.filter}
          onChange={(event) => setRule({ ...rule, filter: event.target.value })}
        />
      </div>
      <div className="field">
        <label htmlFor="rule-severity">Severity</label>
        <select
          id="rule-severity"
          value={rule.severity}
          onChange={(event) =>
            setRule({ ...rule, severity: Number(event.target.value) as alertsV1.AlertSeverity })
          }
        >
          {SEVERITIES.map((severity) => (
            <option key={severity} value={severity}>
              {severityWord(severity)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor="rule-holds">Minutes that it must hold first</label>
        <input
          id="rule-holds"
          type="text"
          inputMode="decimal"
          required
          pattern="[0-9]{1,4}"
          value={rule.holdsMinutes}
          onChange={(event) =>
            setRule({ ...rule, holdsMinutes: Number(event.target.value.replaceAll(/\D/g, "")) })
          }
        />
      </div>
      <ChannelBoxes
        channels={props.channels}
        chosen={channelIds}
        onChange={(ids) => setChannelIds([...ids])}
      />
      <TryRule rule={asked} />
      {problem === undefined ? null : <FieldProblem what="No rule was added" problem={problem} />}
      <div className="form-foot">
        <button type="submit" className="button is-main" disabled={busy}>
          {busy ? "Adding…" : "Add the rule"}
        </button>
      </div>
    </form>
  );
}

function ChannelBoxes(props: {
  readonly channels: readonly alertsV1.AlertChannel[];
  readonly chosen: readonly bigint[];
  readonly onChange: (ids: readonly bigint[]) => void;
}): ReactNode {
  const { channels, chosen, onChange } = props;
  if (channels.length === 0)
    return <p className="soft">Nobody is told until there is a channel: add one below.</p>;
  return (
    <fieldset className="choices">
      <legend>Told</legend>
      {channels.map(({ id, name }) => (
        <label key={id.toString()}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(
                event.target.checked ? [...chosen, id] : chosen.filter((each) => each !== id),
              )
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
